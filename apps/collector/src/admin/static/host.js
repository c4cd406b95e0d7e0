import { byId, element } from './dom.js';
import { ago, bytes, job } from './format.js';

/** The whole of one host: room, images, journal. */
export function showHost(summary, report, entries, now) {
  byId('host').hidden = false;
  byId('about').replaceChildren(
    `${report.engine} · ${report.mode === 'observe' ? 'observing only' : 'enforcing'} · reported `,
    time(report.at, now),
    summary.systemIds.length > 0 ? ` · ${summary.systemIds.join(', ')}` : '',
  );
  byId('evidence').replaceChildren(...evidenceLine(report.evidence, now));
  byId('warnings').replaceChildren(...report.warnings.map((warning) => element('li', {}, warning)));
  byId('room').replaceChildren(...report.filesystems.map(diskBar), ...budgetBar(report));
  const [body] = byId('images').tBodies;
  body.replaceChildren(...report.images.map((image) => imageRow(image, report.mode, now)));
  if (report.images.length === 0) {
    body.append(element('tr', {}, element('td', { colspan: '5', class: 'empty' }, 'No images.')));
  }
  byId('journal').replaceChildren(...entries.map((entry) => journalItem(entry, now)));
  if (entries.length === 0) {
    byId('journal').append(element('li', { class: 'empty' }, 'Nothing was evicted yet.'));
  }
}

/** How good what the plan rests on is. */
function evidenceLine({ kind, asOf, disagreements }, now) {
  const images = disagreements === 1 ? '1 image' : `${disagreements} images`;
  const differ = disagreements > 0 ? ` · watch and GitLab differ on ${images}` : '';
  if (kind === 'watch-only' || asOf === null) return ['Evidence: only what was seen on the host', differ];
  const word = kind === 'fresh' ? '' : `${kind}, `;
  return [`Evidence: ${word}GitLab was asked for everything `, time(asOf, now), differ];
}

/** A moment, said as an age; `refreshTimes` keeps it true. */
function time(at, now) {
  const moment = new Date(at);
  const shown = element('time', { title: moment.toLocaleString() }, ago(now - at));
  shown.dateTime = Number.isNaN(moment.getTime()) ? '' : moment.toISOString();
  shown.dataset.at = String(at);
  return shown;
}

export function refreshTimes(now) {
  for (const shown of document.querySelectorAll('time[data-at]')) {
    shown.textContent = ago(now - Number(shown.dataset.at));
  }
}

function diskBar(disk) {
  const { path, totalBytes, freeBytes, startBytes, stopBytes } = disk;
  const level = freeBytes < startBytes ? 'bad' : freeBytes < stopBytes ? 'warn' : 'ok';
  const words = `${bytes(freeBytes)} free of ${bytes(totalBytes)} · reaping starts below ${bytes(startBytes)}, stops at ${bytes(stopBytes)}`;
  const marks = [
    { at: 1 - startBytes / totalBytes, name: 'start' },
    { at: 1 - stopBytes / totalBytes, name: 'stop' },
  ];
  return bar(path, words, 1 - freeBytes / totalBytes, level, marks);
}

function budgetBar({ imageBytes, budgetBytes }) {
  if (budgetBytes === null) return [];
  const level = imageBytes > budgetBytes ? 'warn' : 'ok';
  const words = `${bytes(imageBytes)} of ${bytes(budgetBytes)}`;
  return [bar('Images, of their budget', words, imageBytes / budgetBytes, level, [])];
}

function bar(name, words, part, level, marks) {
  const fill = element('span', { class: 'fill' });
  fill.style.width = percent(part);
  const lines = marks.map((mark) => {
    const line = element('span', { class: `mark ${mark.name}`, title: mark.name });
    line.style.left = percent(mark.at);
    return line;
  });
  const track = element(
    'div',
    { class: 'bar', role: 'img', 'aria-label': `${name}: ${words}` },
    fill,
    ...lines,
  );
  track.dataset.level = level;
  return element(
    'div',
    { class: 'measure' },
    element('p', {}, element('b', {}, name), ' ', element('span', {}, words)),
    track,
  );
}

function percent(part) {
  return `${Math.min(100, Math.max(0, part * 100 || 0)).toFixed(2)}%`;
}

function imageRow(image, mode, now) {
  const [first, ...others] = image.names;
  const name = element('td', { 'data-label': 'Image', class: 'name' });
  name.append(element('b', { title: image.id }, first ?? shortId(image.id)));
  for (const other of others) name.append(element('span', { class: 'also' }, other));

  const use = element('td', { 'data-label': 'Last use' });
  if (image.lastUseAt === null) use.append('not known');
  else use.append(time(image.lastUseAt, now));
  const from = [image.lastUseJob === null ? '' : job(image.lastUseJob), image.lastUseSource ?? ''].filter(
    Boolean,
  );
  if (from.length > 0)
    use.append(element('span', { class: 'from', title: image.lastUseJob ?? '' }, ` · ${from.join(' · ')}`));

  const going = mode === 'observe' ? 'would go' : 'goes';
  const badge = element('b', { class: 'badge' }, image.verdict === 'evict' ? going : 'stays');
  const verdict = element('td', { 'data-label': 'Verdict' }, badge, ` ${image.reason}`);
  verdict.append(element('span', { class: 'why' }, image.explanation));

  const row = element(
    'tr',
    {},
    name,
    use,
    element('td', { 'data-label': 'Size', class: 'number' }, bytes(image.bytes)),
    element('td', { 'data-label': 'Own', class: 'number' }, bytes(image.ownBytes)),
    verdict,
  );
  row.dataset.verdict = image.verdict;
  return row;
}

const OUTCOMES = {
  evicted: 'evicted',
  'would-evict': 'would go',
  'in-use': 'in use, kept',
  failed: 'failed',
  shortfall: 'not enough room',
};

function journalItem(entry, now) {
  const what = entry.names.length > 0 ? entry.names.join(', ') : shortId(entry.image);
  const item = element(
    'li',
    {},
    element('b', { class: 'badge' }, OUTCOMES[entry.outcome] ?? entry.outcome),
    ' ',
    element('span', { class: 'name', title: entry.image }, what),
    element('span', { class: 'from' }, ` ${bytes(entry.bytes)} · ${entry.reason} · `, time(entry.at, now)),
    element('span', { class: 'why' }, `${entry.explanation} Then free: ${bytes(entry.freeBytesAfter)}.`),
  );
  item.dataset.outcome = entry.outcome;
  return item;
}

function shortId(id) {
  return id.replace('sha256:', '').slice(0, 12);
}
