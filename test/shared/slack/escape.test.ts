import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { escapeText } from '#shared/slack/escape.ts';

it('escapes the three control characters and nothing else', () => {
  expect(escapeText(`<!channel> & "*bold*" 'it' &amp;`)).toBe(
    `&lt;!channel&gt; &amp; "*bold*" 'it' &amp;amp;`,
  );
});

it('loses nothing: Slack reads back what was given', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('&', '<', '>', ';', 'amp', 'lt', 'a') }), (text) => {
      const escaped = escapeText(text);
      expect(escaped).not.toMatch(/[<>]/);
      expect(escaped.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')).toBe(text);
    }),
  );
});
