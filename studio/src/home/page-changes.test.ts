import { describe, expect, it } from 'vitest';
import { comparePages, describeChanges, NO_CHANGES } from './page-changes.ts';
import { pageOf } from './page-testing.ts';

describe('changes of a page', () => {
  it('finds none between a page and itself', () => {
    const page = pageOf({ a: ['1', '2'], b: ['3'] });
    expect(comparePages(page, page)).toEqual(NO_CHANGES);
  });

  it('marks a card as new only where it was nowhere on the page', () => {
    const changes = comparePages(pageOf({ a: ['1'], b: ['2'] }), pageOf({ a: ['2'], b: ['9'] }));
    expect([...changes.newCards]).toEqual(['9']);
    expect([...changes.changedShelves]).toEqual(['b']);
  });

  it('does not call shelves moved because one came above them', () => {
    const changes = comparePages(pageOf({ a: ['1'], b: ['2'] }), pageOf({ n: ['7'], a: ['1'], b: ['2'] }));
    expect([...changes.newShelves]).toEqual(['n']);
    expect([...changes.changedShelves]).toEqual(['n']);
  });

  it('calls shelves moved that changed places', () => {
    const changes = comparePages(pageOf({ a: ['1'], b: ['2'], c: ['3'] }), pageOf({ b: ['2'], a: ['1'], c: ['3'] }));
    expect([...changes.changedShelves].sort()).toEqual(['a', 'b']);
    expect(describeChanges(changes)).toBe('Your Home moved 2 shelves');
  });

  it('says what changed in words', () => {
    expect(describeChanges(NO_CHANGES)).toBe('Your Home is up to date');
    const one = comparePages(pageOf({ a: ['1'] }), pageOf({ a: ['1', '2'] }));
    expect(describeChanges(one)).toBe('1 new pick on 1 shelf');
  });
});
