import { afterAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../base/index.ts';
import { sealEpoch } from '../../domain/index.ts';
import { freshModel } from '../../models/index.ts';
import { createEnding, createEndingMemory } from '../ending.ts';
import { fittedDir, home, open, removeDirs, START_MS } from '../platform-testing.ts';
import { openWorkspace } from '../workspace.ts';
import { promoteJob } from './promote.ts';

afterAll(removeDirs);

describe('a promotion', () => {
  it('that was cut off between the learner and what serves is finished at the next opening', async () => {
    const dir = await fittedDir();
    const workspace = openWorkspace(dir, createEnding(createEndingMemory()));
    const model = sealEpoch(freshModel('logistic', workspace.encoder, { baseRate: 0.3 }).toEpoch());
    workspace.epochs.put(model);
    // What a killed process leaves: the job is done, and nothing of it was published.
    const { hash } = model;
    await promoteJob(workspace, { kind: 'promote', hash, stand: { learnerHash: '', parent: hash, learnt: 0 } });
    await workspace.close();

    const platform = await open(dir, manualClock(START_MS));
    expect(platform.status().epochs.model).toBe(hash);
    const page = await home(platform, 'l1');
    expect(await platform.decision(page.decisionId)).toMatchObject({ versions: { model: hash } });
    await platform.close();
  });
});
