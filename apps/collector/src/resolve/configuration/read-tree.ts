import { setImmediate } from 'node:timers/promises';
import { quote } from '@sideband/shared/quote';
import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';
import {
  Composer,
  type CST,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  type ParseOptions,
  Parser,
  type SchemaOptions,
  type YAMLMap,
} from 'yaml';
import type { Tree, TreeMap } from './tree.ts';

/** GitLab reads files of up to 2 MiB; what real projects' files are merged to is below 1 MiB. */
const MAX_CHARACTERS = 4 * 2 ** 20;
/** Of one entry at the top, a job: it is composed at one go, in about 50 ms if it is as large. */
const MAX_ENTRY = 2 ** 16;
/** Jobs, templates and keywords; GitLab makes pipelines of up to some thousand jobs. */
const MAX_ENTRIES = 20_000;
/** GitLab's own limit is 100 (`max_yaml_depth`). */
const MAX_DEPTH = 200;
// A megabyte takes the parser 0.6 s, and this thread answers hooks: it rests every few milliseconds.
const LEXEMES_A_TURN = 2_000;
const CHARACTERS_A_TURN = 8_192;

// Scalars stay text, and of two equal keys the last wins, as in GitLab's own parser.
const OPTIONS: ParseOptions & SchemaOptions = {
  schema: 'failsafe',
  customTags: ['null'],
  uniqueKeys: false,
  prettyErrors: false,
};
const PLAIN_TAG = /^(?:!|tag:yaml\.org,2002:(?:str|null|map|seq))$/;

/**
 * Reads one YAML document whose top is a map; a tag other than `!reference` is refused. An alias becomes the very
 * value it stands for and no copy of it, so no chain of aliases grows.
 */
export async function readTree(yaml: string): Promise<Result<TreeMap, Refusal>> {
  if (yaml.length > MAX_CHARACTERS) {
    return no('too-large', `it has ${yaml.length} characters; at most ${MAX_CHARACTERS} are read`);
  }
  const documents = await documentsIn(yaml);
  if (documents === undefined) return no('too-large', `it has more than ${MAX_ENTRIES} entries`);
  const [token, ...more] = documents;
  if (token?.type !== 'document' || more.length > 0) return no('not-yaml', 'it is no single document');
  const top = new Map<string, Tree>();
  const reading: Reading = { anchors: new Map(), depth: 0, wrong: undefined };
  let rested = 0;
  for (const { part, length } of partsOf(token, yaml.length)) {
    if (length > MAX_ENTRY) return no('too-large', `an entry has more than ${MAX_ENTRY} characters`);
    const [document] = new Composer(OPTIONS).compose([part]);
    const error = document?.errors[0];
    if (error !== undefined) return no('not-yaml', quote(error.message));
    if (!isMap(document?.contents)) return no('not-a-map', 'its top is no map');
    for (const [key, value] of toMap(document.contents, reading)) top.set(key, value);
    if (reading.wrong !== undefined) return no('not-yaml', reading.wrong);
    if (part.offset - rested < CHARACTERS_A_TURN) continue;
    rested = part.offset;
    await setImmediate();
  }
  return ok(top);
}

/** Undefined where more lines than `MAX_ENTRIES` are not indented: each of them is an entry, or a part of one. */
async function documentsIn(yaml: string): Promise<readonly CST.Token[] | undefined> {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  let entries = 0;
  let isLineStart = true;
  for (const lexeme of new Lexer().lex(yaml)) {
    if (isLineStart && !/^[\s#]/.test(lexeme)) entries += 1;
    if (entries > MAX_ENTRIES) return undefined;
    isLineStart = lexeme.endsWith('\n');
    tokens.push(...parser.next(lexeme));
    lexemes += 1;
    if (lexemes % LEXEMES_A_TURN === 0) await setImmediate();
  }
  tokens.push(...parser.end());
  return tokens.filter(({ type }) => type === 'document' || type === 'error');
}

interface Part {
  readonly part: CST.Document;
  /** In characters. */
  readonly length: number;
}

/** Each entry of the top map as a document of its own. */
function* partsOf(document: CST.Document, end: number): Generator<Part, void, undefined> {
  const { value } = document;
  if (value?.type !== 'block-map') {
    yield { part: document, length: end };
    return;
  }
  const offsetAt = (index: number): number => {
    const { start, key } = value.items[index] ?? {};
    return start?.[0]?.offset ?? key?.offset ?? (index < value.items.length ? value.offset : end);
  };
  for (const [index, item] of value.items.entries()) {
    const offset = offsetAt(index);
    const part: CST.Document = {
      ...{ type: 'document', offset, start: [] },
      value: { ...value, offset, items: [item] },
    };
    yield { part, length: offsetAt(index + 1) - offset };
  }
}

interface Reading {
  readonly anchors: Map<string, Tree>;
  depth: number;
  /** The first thing that cannot be read, in words. */
  wrong: string | undefined;
}

function toTree(node: unknown, reading: Reading): Tree {
  if (isAlias(node)) {
    const known = reading.anchors.get(node.source);
    if (known === undefined) reading.wrong ??= `nothing is called ${quote(node.source)}`;
    return known ?? null;
  }
  if (reading.depth === MAX_DEPTH) {
    reading.wrong ??= `it lies more than ${MAX_DEPTH} deep`;
    return null;
  }
  reading.depth += 1;
  const tree = plainTree(node, reading);
  reading.depth -= 1;
  if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) {
    reading.anchors.set(node.anchor, tree);
  }
  return tree;
}

/** An empty list is no name, no value and no map: whatever asks for one of them does not understand it. */
const UNREADABLE: Tree = [];

function plainTree(node: unknown, reading: Reading): Tree {
  const tag = isNode(node) && !isAlias(node) ? node.tag : undefined;
  if (isSeq(node)) {
    const items = node.items.map((item) => toTree(item, reading));
    if (tag === '!reference') return { path: items.map((item) => (typeof item === 'string' ? item : '')) };
    return known(tag, reading) ? items : UNREADABLE;
  }
  if (!known(tag, reading)) return UNREADABLE;
  if (isMap(node)) return toMap(node, reading);
  return isScalar(node) && typeof node.value === 'string' ? node.value : null;
}

function toMap(node: YAMLMap, reading: Reading): TreeMap {
  const map = new Map<string, Tree>();
  for (const { key, value } of node.items) {
    const name = toTree(key, reading);
    const tree = toTree(value, reading);
    if (typeof name === 'string') map.set(name, tree);
  }
  return map;
}

function known(tag: string | undefined, reading: Reading): boolean {
  if (tag === undefined || PLAIN_TAG.test(tag)) return true;
  // Psych writes so what is not UTF-8, as no name of an image is.
  if (tag !== '!binary') reading.wrong ??= `the tag ${quote(tag)} is unknown`;
  return false;
}

function no(reason: string, why: string): { readonly ok: false; readonly error: Refusal } {
  return refuse({ reason, message: `The CI configuration cannot be read: ${why}` });
}
