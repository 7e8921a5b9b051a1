import { escaped, prose } from "./html.ts";
import type { JsonSchema } from "./open-api.ts";

/** The fields of a body as HTML: a list of names, types and meanings, nested where they are. */
export function fieldList(schema: JsonSchema): string {
  const { alternatives } = split(schema);
  if (alternatives.length > 1) {
    const parts = alternatives.map(
      (each, index) => `<li><p class="either">${index === 0 ? "Either" : "or"}</p>${fieldList(each)}</li>`,
    );
    return `<ul class="alternatives">${parts.join("")}</ul>`;
  }
  const { properties = {}, required = [] } = alternatives[0] ?? schema;
  const fields = Object.entries(properties).map(([name, field]) => fieldItem(name, field, required.includes(name)));
  return fields.length === 0 ? "" : `<dl class="fields">${fields.join("")}</dl>`;
}

function fieldItem(name: string, schema: JsonSchema, isRequired: boolean): string {
  const description = descriptionOf(schema);
  const marks = isRequired ? ' <span class="required">required</span>' : "";
  const meaning = description === undefined ? "" : `<p>${prose(description)}</p>`;
  return `<dt><code>${escaped(name)}</code> <span class="type">${typeText(schema)}</span>${marks}</dt><dd>${meaning}${nested(schema)}</dd>`;
}

/** The first description within nested unions: it belongs to the field, whichever alternative is sent. */
function descriptionOf({ description, anyOf = [] }: JsonSchema): string | undefined {
  return description ?? anyOf.map(descriptionOf).find((each) => each !== undefined);
}

/** The fields within a field, where it is an object or a list of objects. */
function nested(schema: JsonSchema): string {
  const { alternatives } = split(schema);
  const objects = alternatives.map((each) => (each.type === "array" ? (each.items ?? each) : each));
  return objects.map(fieldList).join("");
}

/** A type with its limits, as HTML. */
function typeText(schema: JsonSchema): string {
  const { alternatives, isNullable } = split(schema);
  const constants = alternatives.filter((each) => "const" in each);
  const others = alternatives.filter((each) => !("const" in each));
  // Of two kinds of texts the first is the rule and says how long it may be.
  const types = others.filter(({ type }, index) => others.findIndex((each) => each.type === type) === index);
  const values = constants.map((each) => `<code>${escaped(JSON.stringify(each.const))}</code>`);
  const all = [...types.map(plainType), ...values, ...(isNullable ? ["null"] : [])];
  return all.join(" or ");
}

function plainType(schema: JsonSchema): string {
  switch (schema.type) {
    case "array":
      return `array of ${itemsText(schema)}`;
    case "string":
      return `${schema.format ?? "string"}${charactersText(schema)}`;
    case undefined:
      return "any";
    default:
      return schema.type;
  }
}

function itemsText({ items = {}, minItems, maxItems }: JsonSchema): string {
  const limits = maxItems === undefined ? "" : `, ${minItems ?? 0} to ${maxItems}`;
  const kinds = new Set(split(items).alternatives.map(({ type = "any" }) => `${type}s`));
  return `${[...kinds].join(" or ")}${limits}`;
}

function charactersText({ maxLength }: JsonSchema): string {
  return maxLength === undefined ? "" : `, at most ${maxLength.toLocaleString("en")} characters`;
}

/** What a schema allows, null apart, with unions within unions dissolved. */
function split(schema: JsonSchema): { readonly alternatives: readonly JsonSchema[]; readonly isNullable: boolean } {
  const all = flattened(schema);
  const alternatives = all.filter(({ type }) => type !== "null");
  return { alternatives, isNullable: alternatives.length < all.length };
}

function flattened(schema: JsonSchema): readonly JsonSchema[] {
  return schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(flattened);
}
