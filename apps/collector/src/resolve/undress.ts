/** `section_start:<unix time>:<name>` or `section_end:…`, by which the runner frames the parts of a trace. */
interface SectionMarker {
  readonly edge: 'start' | 'end';
  readonly name: string;
}

export interface UndressedLine {
  /** Markers at the beginning of the line; the end of one section and the start of the next share a line. */
  readonly markers: readonly SectionMarker[];
  /** The line without markers before it and without colours around it. Colours within it stay. */
  readonly text: string;
}

// A name may be masked like any other text: then it is one that nobody knows, but still the mark of a section.
const MARKER = /section_(start|end):\d{1,20}:([^\r]{1,128}?)(?:\[[^\]\r]{0,256}\])?\r/y;
const ESCAPE = 0x1b;

/**
 * Takes off what the runner puts around its own sentences: `ESC[0K`, a colour and markers before, `ESC[0;m`
 * behind (common/buildlogger/internal/tee.go, helpers/build_section.go). Nothing is taken out of the middle, so
 * that a name with an escape sequence in it does not become another name.
 */
export function undress(line: string): UndressedLine {
  const markers: SectionMarker[] = [];
  let start = 0;
  for (;;) {
    const afterEscape = skipEscape(line, start);
    if (afterEscape > start) {
      start = afterEscape;
      continue;
    }
    if (!line.startsWith('section_', start)) break;
    MARKER.lastIndex = start;
    const marker = MARKER.exec(line);
    if (marker === null) break;
    markers.push({ edge: marker[1] === 'end' ? 'end' : 'start', name: marker[2] ?? '' });
    start = MARKER.lastIndex;
  }
  return { markers, text: line.slice(start, endBeforeEscapes(line, start)) };
}

/** The position behind an `ESC[…m` or `ESC[…K` that begins here, else the same position. */
function skipEscape(line: string, at: number): number {
  if (line.charCodeAt(at) !== ESCAPE || line[at + 1] !== '[') return at;
  let end = at + 2;
  while (isParameter(line[end])) end += 1;
  return line[end] === 'm' || line[end] === 'K' ? end + 1 : at;
}

function endBeforeEscapes(line: string, start: number): number {
  let end = line.length;
  for (;;) {
    const at = end === 0 ? -1 : line.lastIndexOf('\u001b', end - 1);
    if (at < start || skipEscape(line, at) !== end) return end;
    end = at;
  }
}

function isParameter(character: string | undefined): boolean {
  return character !== undefined && /^[0-9;]$/.test(character);
}
