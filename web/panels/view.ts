import { byId } from '../dom.ts';

const KEY = 'yynet.view';

/** Switches between the beginner's view and the expert's, which shows what is marked `data-expert`; remembers it. */
export function viewSwitch(): void {
  const input = byId<HTMLInputElement>('expert');
  const show = (expert: boolean) => {
    input.checked = expert;
    document.documentElement.dataset.view = expert ? 'expert' : 'beginner';
  };
  const set = (expert: boolean) => {
    show(expert);
    try {
      localStorage.setItem(KEY, expert ? 'expert' : 'beginner');
    } catch {
      // A browser that stores nothing forgets the view.
    }
  };
  input.addEventListener('change', () => set(input.checked));
  // The browser cannot show the error of a field that is not shown.
  byId('setup').addEventListener(
    'invalid',
    ({ target }) => (target as Element).closest('[data-expert]') && set(true),
    true,
  );
  show(remembered() === 'expert');
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
