// All elements are made here, and texts stay texts: no code of the page parses markup.

/** @typedef {Record<string, string | number | boolean | null | undefined>} Attributes */

/**
 * Makes an element. `true` makes an empty attribute; `false`, null and undefined make none.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children.filter(isShown));
  return element;
}

/**
 * Makes an SVG element.
 * @param {string} tag
 * @param {Attributes} [attributes]
 * @param {...Node} children
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

/**
 * Writes a text if it differs, so that selections survive and no text is announced twice.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * The element of index.html with that ID.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}`);
  return element;
}

/**
 * Keeps a container's children in step with a list. An element is made once for each key, and then updated, moved and
 * removed as needed, so that the focus and opened details stay as they are.
 * @template Item
 * @param {Element} container
 * @param {(item: Item) => string} keyOf
 * @param {(item: Item) => { element: Element, update(item: Item): void }} create
 * @returns {(items: readonly Item[]) => void}
 */
export function keyedList(container, keyOf, create) {
  /** @type {Map<string, { element: Element, update(item: Item): void }>} */
  const parts = new Map();
  return (items) => {
    const wanted = new Set(items.map(keyOf));
    for (const [key, part] of parts) {
      if (wanted.has(key)) continue;
      part.element.remove();
      parts.delete(key);
    }
    items.forEach((item, index) => {
      const key = keyOf(item);
      const part = parts.get(key) ?? create(item);
      parts.set(key, part);
      part.update(item);
      const there = container.children[index];
      if (there !== part.element) container.insertBefore(part.element, there ?? null);
    });
  };
}

/**
 * @param {Element} element
 * @param {Attributes} attributes
 */
function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
}

/**
 * @param {Node | string | null | undefined | false} child
 * @returns {child is Node | string}
 */
function isShown(child) {
  return child !== null && child !== undefined && child !== false;
}
