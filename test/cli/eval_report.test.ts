import { expect, test } from 'vitest';
import { evalReport, type ShownMistake } from '../../src/cli/eval_report.ts';
import { pngAddress, SurestMistakes } from '../../src/cli/surest_mistakes.ts';
import { ConfusionMatrix } from '../../src/inference/confusion.ts';

const HOSTILE = '<img src=x onerror="alert(1)">&';
const ESCAPED = '&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;';

function evaluated(classNames: readonly string[], mistakes: readonly ShownMistake[] = []) {
  const confusion = new ConfusionMatrix(classNames);
  for (let i = 0; i < 10; i++) confusion.add(0, i < 7 ? 0 : 1);
  for (let i = 0; i < 10; i++) confusion.add(1, 1);
  return { checkpoint: 'runs/a', data: HOSTILE, loss: 0.5, confusion, mistakes };
}

test('the report has the figures, the classes, the matrix and the mistakes, with names escaped', () => {
  const mistake = { label: 0, prediction: 1, probability: 0.987, unlike: true, address: 'data:image/png;base64,AA==' };
  const html = evalReport({
    ...evaluated(['cat', HOSTILE], [mistake]),
    unlike: 0.25,
    curves: '<svg id="curves"></svg>',
  });
  expect(html).toContain('<dt>accuracy</dt><dd>85.0 %</dd>');
  expect(html).toContain('<dt>unlike the training pictures</dt><dd>25.0 %</dd>');
  expect(html).toMatch(/<th scope="row">cat<\/th><td>10<\/td><td>70\.0 %<meter value="0\.7".*<td>100\.0 %<\/td>/);
  expect(html).toContain(`title="cat, taken for ${ESCAPED}: 3">3</td>`);
  expect(html).toContain(`<img src="data:image/png;base64,AA==" alt="cat, taken for ${ESCAPED}">`);
  expect(html).toMatch(/98\.7 %<br><span>is cat<\/span><br><span>unlike the training pictures<\/span>/);
  expect(html).toContain('<svg id="curves"></svg>');
  expect(html).not.toContain(HOSTILE);
  // It needs no other file.
  expect(html).not.toMatch(/<script|<link|https?:|url\(/);
});

test('of many classes the largest confusions are listed', () => {
  const names = Array.from({ length: 31 }, (_, i) => `class ${i}`);
  const html = evalReport(evaluated(names));
  expect(html).toMatch(
    /The largest confusions.*<td class="name">class 0<\/td><td class="name">class 1<\/td><td>3<\/td>/s,
  );
  expect(html).not.toMatch(/class="matrix"|The surest mistakes|Training</);
});

test('the surest mistakes are kept in order, with pictures of their own', async () => {
  const pixels = new Uint8Array(3 * 4).fill(7);
  const one = (prediction: number, probability: number) => ({
    ...{ index: 0, label: 0, prediction, pixels, distance: 2 },
    logProbabilities: Float64Array.of(Math.log(1 - probability), Math.log(probability)),
  });
  const mistakes = new SurestMistakes(2);
  mistakes.add([one(1, 0.6), one(1, 0.9), one(0, 0.1)]);
  pixels.fill(9);
  mistakes.add([one(1, 0.7)]);
  expect(mistakes.all.map(({ probability, unlike }) => [probability.toFixed(2), unlike])).toEqual([
    ['0.90', true],
    ['0.70', true],
  ]);
  expect(mistakes.all.map((mistake) => mistake.pixels[0])).toEqual([7, 9]);
  const { default: sharp } = await import('sharp');
  const [, base64] = (await pngAddress(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), 3)).split(',');
  const { data, info } = await sharp(Buffer.from(base64, 'base64')).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, ...data.subarray(0, 6)]).toEqual([2, 2, 1, 5, 9, 2, 6, 10]);
});
