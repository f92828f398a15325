import { expect, test } from 'vitest';
import { type Cards, Deck, problemOf } from '../../web/cards/deck.ts';

const blobs = (count: number) => Array.from({ length: count }, () => new Blob());
/** The ids of each card's pictures, by the card's name. */
const outline = ({ cards }: Deck) =>
  Object.fromEntries(cards.map(({ name, pictures }) => [name, pictures.map(({ id }) => id)]));

/** Cards, each with a given number of pictures. */
function cardsOf(counts: Record<string, number>): Cards {
  let id = 0;
  return Object.entries(counts).map(([name, count]) => ({
    id: ++id,
    name,
    pictures: blobs(count).map((blob) => ({ id: ++id, blob })),
  }));
}

test('each change is undone, and a recording as one', () => {
  const deck = new Deck(cardsOf({ cat: 2, dog: 1 }));
  const [cat, dog] = deck.cards;
  const states = [outline(deck)];
  const after = (change: () => void) => {
    change();
    states.push(outline(deck));
  };
  const batch = {};
  after(() => {
    for (let i = 0; i < 5; i++) deck.addPictures(cat.id, blobs(1), batch);
  });
  expect(deck.undoable).toBe('adding pictures to cat');
  after(() => deck.movePictures(new Set([2, 5]), dog.id));
  expect(states[2]).toEqual({ cat: [3, 6, 7, 8, 9, 10], dog: [2, 5] });
  after(() => deck.removePictures(new Set([3, 5])));
  after(() => deck.rename(dog.id, 'wolf'));
  after(() => deck.removeCard(cat.id));
  after(() => deck.addCard());
  expect(states.at(-1)).toEqual({ wolf: [2], 'Class 2': [] });
  for (const state of states.reverse().slice(1)) {
    deck.undo();
    expect(outline(deck)).toEqual(state);
  }
  expect(deck.undoable).toBeUndefined();
});

test('pictures that come after their card was deleted are dropped', () => {
  const deck = new Deck(cardsOf({ cat: 1, dog: 1 }));
  const { id } = deck.cards[0];
  deck.removeCard(id);
  deck.addPictures(id, blobs(1));
  expect(outline(deck)).toEqual({ dog: [4] });
  deck.undo();
  expect(outline(deck)).toEqual({ cat: [2], dog: [4] });
});

test.each([
  [{ 'Class 1': 0, 'Class 2': 0 }, /^Give each class a name/],
  [{ cat: 9, dog: 0 }, /^dog has no pictures: add some, at least 4, or delete the class/],
  [{ cat: 9, dog: 1 }, /^dog has 1 picture: /],
  [{ cat: 9 }, /second class/],
])('%o cannot be trained on yet', (counts, problem) => {
  expect(problemOf(cardsOf(counts))).toMatch(problem);
});

test('two classes of enough pictures can be trained on, but not of one name', () => {
  const cards = cardsOf({ cat: 4, dog: 5 });
  expect(problemOf(cards)).toBeUndefined();
  expect(problemOf(cards.map((card) => ({ ...card, name: 'cat' })))).toBe(
    'Two classes are called cat: rename one of them.',
  );
});
