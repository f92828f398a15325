import sharp from 'sharp';
import { expect, test } from 'vitest';
import { confusionSvg } from '../../src/cli/confusion_svg.ts';
import { classTable, confusionTable } from '../../src/cli/confusion_text.ts';
import { ConfusionMatrix, largestConfusions } from '../../src/inference/confusion.ts';

/** Class 7 is taken for 8 five times, each other class for its neighbour once or never. */
function matrix(classes: number): ConfusionMatrix {
  const confusion = new ConfusionMatrix(Array.from({ length: classes }, (_, label) => `person ${label}`));
  for (let label = 0; label < classes; label++) confusion.add(label, label % 3 === 1 ? (label + 1) % classes : label);
  for (let i = 0; i < 4; i++) confusion.add(7, 8);
  return confusion;
}

test('of 3,000 classes the report shows the weakest and what was confused most', async () => {
  const confusion = matrix(3000);
  expect(largestConfusions(confusion.counts, 3000, 1)).toEqual([{ label: 7, prediction: 8, count: 5 }]);

  const classes = classTable(confusion).split('\n');
  expect(classes[0]).toBe('The 20 of 3000 classes with the lowest recall:');
  expect(classes).toHaveLength(24);
  expect(confusionTable(confusion).split('\n')[2]).toMatch(/^\| person 7 +\| +person 8 \| +5 \|$/);

  const svg = confusionSvg(confusion, 'accuracy 66 %');
  expect(svg).toContain('>5 × person 7, predicted person 8</text>');
  expect(svg.match(/<text/g)).toHaveLength(42);
  expect(await sharp(Buffer.from(svg)).png().toBuffer()).toBeInstanceOf(Buffer);
});

test('200 classes are a matrix, which a viewer takes', async () => {
  const svg = confusionSvg(matrix(200), 'accuracy 66 %');
  expect(svg.match(/<rect/g)!.length).toBeGreaterThan(200 ** 2);
  expect(await sharp(Buffer.from(svg)).png().toBuffer()).toBeInstanceOf(Buffer);
});
