// By default the browser opens a file that is dropped outside a target, which would leave the page.
for (const type of ['dragover', 'drop']) window.addEventListener(type, (event) => event.preventDefault());

/** Makes an element a drop target. What is dropped on a target inside it does not reach it. */
export function dropTarget(element: HTMLElement, onDrop: (transfer: DataTransfer) => void): void {
  element.addEventListener('dragover', (event) => {
    element.classList.toggle('over', !event.defaultPrevented);
    event.preventDefault();
  });
  element.addEventListener('dragleave', () => element.classList.remove('over'));
  element.addEventListener('drop', (event) => {
    element.classList.remove('over');
    if (event.defaultPrevented) return;
    event.preventDefault();
    if (event.dataTransfer) onDrop(event.dataTransfer);
  });
}
