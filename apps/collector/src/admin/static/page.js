import { byId, element } from './dom.js';
import { refreshTimes, showHost } from './host.js';
import { headline } from './strip.js';

const EVERY_MS = 10_000;
const JOURNAL_ENTRIES = 100;

/** Asks the collector every ten seconds while somebody looks, and shows what it says. */
function watchHosts() {
  /** How far the collector's clock is ahead of the browser's, in milliseconds. */
  let ahead = 0;
  let shown = '';
  let asking = false;
  let askAgain = false;

  function now() {
    return Date.now() + ahead;
  }

  async function ask(path) {
    const response = await fetch(path, { headers: { accept: 'application/json' } });
    if (response.status === 401) location.assign('/login');
    if (!response.ok) throw new Error(`The collector answered ${response.status}.`);
    const answer = await response.json();
    ahead = answer.now - Date.now();
    return answer;
  }

  async function refresh() {
    const [{ hosts }, { gitlabs }] = await Promise.all([ask('/api/hosts'), ask('/api/back-fill')]);
    showPast(gitlabs);
    const chosen = chooseHost(hosts);
    if (chosen === undefined) {
      byId('host').hidden = true;
      showStrip(
        'note',
        'No reaper has reported within the last day. Start one with SIDEBAND_REDIS set to this Redis.',
      );
      return;
    }
    showHosts(hosts, chosen, now());
    showStrip(chosen.status.level, headline(chosen, now()));
    if (chosen.report === null) {
      byId('host').hidden = true;
      shown = '';
      return;
    }
    const path = `/api/hosts/${chosen.host}`;
    const [detail, journal] = await Promise.all([ask(path), ask(`${path}/journal?limit=${JOURNAL_ENTRIES}`)]);
    // Drawn again only when there is news, so that a selection in the text stays.
    const news = JSON.stringify([chosen.host, detail.report.at, chosen.systemIds, journal.entries[0]]);
    if (news !== shown) showHost(chosen, detail.report, journal.entries, now());
    shown = news;
    refreshTimes(now());
  }

  return async () => {
    if (document.hidden) return;
    askAgain = asking;
    if (asking) return;
    asking = true;
    try {
      do {
        askAgain = false;
        await refresh();
      } while (askAgain);
    } catch (error) {
      const why = error instanceof TypeError ? 'The collector does not answer.' : error.message;
      showStrip('warn', `What is below may be old. ${why}`);
    } finally {
      asking = false;
    }
  };
}

/** How far the past was read, until all of it is. */
function showPast(gitlabs) {
  const unread = gitlabs.filter(({ projects }) => projects.done < projects.total);
  byId('past').hidden = unread.length === 0;
  byId('past').textContent = unread
    .map(({ instance, projects, found }) => {
      return `Reading the past of ${instance}: ${projects.done} of ${projects.total} projects, ${found} jobs found.`;
    })
    .join(' ');
}

/** The host named after the # in the address, else the one that needs attention most. */
function chooseHost(hosts) {
  const urgency = ['bad', 'warn', 'note', 'ok'];
  const byUrgency = hosts.toSorted(
    (a, b) => urgency.indexOf(a.status.level) - urgency.indexOf(b.status.level),
  );
  return hosts.find(({ host }) => `#${host}` === location.hash) ?? byUrgency[0];
}

function showStrip(level, text) {
  byId('strip').dataset.level = level;
  byId('strip').textContent = text;
}

function showHosts(hosts, chosen, now) {
  document.title = `${chosen.host} – Sideband`;
  const links = hosts.map((summary) => {
    const link = element('a', { href: `#${summary.host}` }, summary.host);
    link.dataset.level = summary.status.level;
    link.title = headline(summary, now);
    if (summary === chosen) link.setAttribute('aria-current', 'page');
    return link;
  });
  byId('hosts').replaceChildren(...links);
}

const refreshPage = watchHosts();
setInterval(refreshPage, EVERY_MS);
addEventListener('hashchange', refreshPage);
document.addEventListener('visibilitychange', refreshPage);
refreshPage();
