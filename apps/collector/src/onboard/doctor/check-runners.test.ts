import type { InstanceName, RunnerId, SystemId } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import { createMemoryGitLab } from '../../gitlab/memory-gitlab.ts';
import { checkRunners } from './check-runners.ts';

const instance = 'gitlab.example' as InstanceName;
const MANAGER = 's_0123456789ab' as SystemId;

async function ofRunners(count: number, managers: readonly SystemId[] | 'hidden' = [MANAGER]) {
  const gitlab = createMemoryGitLab({ instance });
  for (let id = 1; id <= count; id += 1) gitlab.putRunner(id as RunnerId, managers);
  const { findings, ...seen } = await checkRunners(gitlab, []);
  return { said: findings[0]?.text, asked: gitlab.calls('managers'), ...seen };
}

test('all runners are asked for their managers', async () => {
  expect(await ofRunners(500)).toEqual({
    said: 'the token sees 500 runners with 1 managers',
    asked: 500,
    managers: new Set([MANAGER]),
    isComplete: true,
  });
});

test('of very many only the first are, and that is said', async () => {
  expect(await ofRunners(501)).toMatchObject({
    said: 'the token sees at least 500 runners with 1 managers',
    asked: 500,
    isComplete: false,
  });
});

test('what is refused is not known', async () => {
  expect((await ofRunners(2, 'hidden')).isComplete).toBe(false);
  expect((await ofRunners(0)).isComplete).toBe(false);
});
