/**
 * Returns the element with that id.
 * @throws Error if there is none
 */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`byId(): index.html must have an element '${id}'`);
  return element as T;
}

/** Creates an element with properties and children. */
export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Downloads bytes as a file. */
export function download(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  create('a', { href: url, download: name }).click();
  // Not at once: the browser starts the download after this function returns.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
