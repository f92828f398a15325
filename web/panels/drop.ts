// What misses its target must not take the place of the page.
for (const type of ['dragover', 'drop']) window.addEventListener(type, (event) => event.preventDefault());

/** Makes an element take what is dropped on it. */
export function dropTarget(element: HTMLElement, onDrop: (transfer: DataTransfer) => void): void {
  element.addEventListener('dragover', (event) => {
    event.preventDefault();
    element.classList.add('over');
  });
  element.addEventListener('dragleave', () => element.classList.remove('over'));
  element.addEventListener('drop', (event) => {
    event.preventDefault();
    element.classList.remove('over');
    if (event.dataTransfer) onDrop(event.dataTransfer);
  });
}
