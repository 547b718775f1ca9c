import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anchor, html, raw, scriptJson } from '../../../../src/report/html/markup.ts';

test('a template escapes text, keeps markup, and writes nothing for nothing', () => {
  const cases: readonly (readonly [written: string, expected: string])[] = [
    [html`<b>${'<i>&"\''}</b>`.markup, '<b>&lt;i&gt;&amp;&quot;&#39;</b>'],
    [html`<b title="${'" onclick="x'}">${1.5}</b>`.markup, '<b title="&quot; onclick=&quot;x">1.5</b>'],
    [html`${html`<i>${'<'}</i>`}${raw('<hr>')}`.markup, '<i>&lt;</i><hr>'],
    [html`${['a', html`<br>`, ['<', 2]]}`.markup, 'a<br>&lt;2'],
    [html`[${undefined}${null}${false}${''}]`.markup, '[]'],
    [html`${0}`.markup, '0'],
  ];
  for (const [written, expected] of cases) assert.equal(written, expected);
});

test('JSON in a script can not end the script', () => {
  const value = { text: '</script><!--<script>' };
  const { markup } = scriptJson(value);
  assert.ok(!markup.includes('<'));
  assert.deepEqual(JSON.parse(markup), value);
});

test('different names have different anchors without anything but letters, digits, dashes and underscores', () => {
  const names = ['gmail', 'g mail', 'g_mail', 'g-mail', '"><script>', 'é'];
  const anchors = names.map((name) => anchor('isp', name));
  assert.equal(anchors[0], 'isp-gmail');
  assert.equal(new Set(anchors).size, names.length);
  for (const id of anchors) assert.match(id, /^isp-[\w-]+$/);
});
