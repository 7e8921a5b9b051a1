const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text as HTML, in element content and in attributes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] as string);
}

/** A sentence with `code` in it as HTML: all of CommonMark that the document uses. */
export function prose(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

/** A text in a block of its own. */
export function codeBlock(text: string): string {
  return `<div class="block"><pre><code>${escaped(text)}</code></pre></div>`;
}
