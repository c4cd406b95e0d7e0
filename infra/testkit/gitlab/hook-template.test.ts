import { expect, it } from 'vitest';
import { renderBody } from './hook-template.ts';

const payload = { build_name: 'a "b"', build_id: 7, project: { id: 42 }, tags: [{ name: 'x' }] };

it('without a template is the payload itself', () => {
  expect(renderBody(undefined, payload)).toBe(JSON.stringify(payload));
});

it('fills in fields, text between the template’s own quotes', () => {
  const body = renderBody(
    '{"name": "{{build_name}}", "ids": [{{build_id}}, {{project.id}}, {{no.such}}]}',
    payload,
  );
  expect(JSON.parse(body)).toEqual({ name: 'a "b"', ids: [7, 42, null] });
});

it('can be anything a test wants', () => {
  expect(renderBody((it) => [it === payload], payload)).toBe('[true]');
});

it.each(['{{build_name}}', '{', '{"x": {{tags.name}}}'])(
  'is refused where it makes no JSON: %s',
  (template) => {
    expect(() => renderBody(template, payload)).toThrow();
  },
);
