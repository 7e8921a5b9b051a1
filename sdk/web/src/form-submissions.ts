import type { Properties } from "./api.ts";

/** Most field names that an event tells of. */
const MAX_FIELDS = 100;

/** Calls `report` for each form that is submitted, with the form's names and its fields' names, never a value. */
export function watchFormSubmissions(report: (properties: Properties) => void): void {
  // Capturing, so that a page that stops the event is heard as well.
  addEventListener("submit", ({ target }) => target instanceof HTMLFormElement && report(describe(target)), true);
}

function describe(form: HTMLFormElement): Properties {
  // A field named "elements" or "getAttribute" hides the form's own property of that name; the prototype's is not hidden.
  const elements: HTMLFormControlsCollection = Reflect.get(HTMLFormElement.prototype, "elements", form);
  const attribute = (name: string) => Element.prototype.getAttribute.call(form, name) ?? undefined;
  const names = Array.from(elements, (field) => field.getAttribute("name"));
  return {
    form_id: attribute("id"),
    form_name: attribute("name"),
    path: location.pathname,
    fields: [...new Set(names.filter(Boolean))].slice(0, MAX_FIELDS),
  };
}
