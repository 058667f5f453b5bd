/** Makes or changes a campaign. Nothing is stored before the button says so. */
import '@mantine/core/styles/Checkbox.css';
import '@mantine/core/styles/InlineInput.css';
import { Button, Checkbox, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { Campaign, CampaignBody } from '../../../src/server/contract.ts';
import { BackIcon } from '../shell/icons.tsx';
import { Panel } from '../shell/panel.tsx';
import { languageName } from '../shell/profile.ts';
import { AGE_BANDS, bodyOf, type Draft, type DraftField, draftOf, LANGUAGES, problemsOf } from './campaign-draft.ts';
import styles from './campaign-form.module.css';
import { ItemPicker } from './item-picker.tsx';

interface CampaignFormProps {
  /** Undefined for one that is to be made. */
  readonly campaign: Campaign | undefined;
  /** Ids that there are. */
  readonly taken: readonly string[];
  readonly nowMs: number;
  readonly busy: boolean;
  readonly onStore: (id: string, body: CampaignBody) => void;
  readonly onLeave: () => void;
  readonly onRemove: (() => void) | undefined;
}

function Group({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <fieldset className={styles.group}>
      <legend>{name}</legend>
      <div className={styles.fields}>{children}</div>
    </fieldset>
  );
}

export function CampaignForm({ campaign, taken, nowMs, busy, onStore, onLeave, onRemove }: CampaignFormProps) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(campaign, nowMs));
  /** Faults are told of once somebody tried to store it. */
  const [tried, setTried] = useState(false);
  const isNew = campaign === undefined;
  const found = problemsOf(draft);
  const problems = isNew && taken.includes(draft.id) ? { ...found, id: 'There is a campaign of this id.' } : found;
  const shown = tried ? problems : {};
  const set = <Field extends DraftField>(field: Field, value: Draft[Field]) =>
    setDraft((before) => ({ ...before, [field]: value }));
  const text = (field: 'id' | 'markets' | 'tiers' | 'languages' | 'share' | 'place' | 'sponsor') => ({
    value: draft[field],
    onChange: (event: { readonly currentTarget: { readonly value: string } }) => set(field, event.currentTarget.value),
    error: shown[field],
    radius: 'md' as const,
    autoComplete: 'off',
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(problems).length === 0) onStore(draft.id, bodyOf(draft));
  };
  return (
    <form
      className={styles.form}
      onSubmit={submit}
      noValidate
      aria-label={isNew ? 'New campaign' : `Campaign ${campaign.id}`}
    >
      <Panel
        title={isNew ? 'New campaign' : campaign.id}
        note="times are UTC"
        actions={
          <Button variant="subtle" color="gray" size="compact-sm" leftSection={<BackIcon />} onClick={onLeave}>
            All campaigns
          </Button>
        }
      >
        <div className={styles.columns}>
          <div className={styles.column}>
            {isNew && <TextInput label="Id" description="Its name for programs; it stays." {...text('id')} />}
            <Group name="Title">
              {LANGUAGES.map((language) => (
                <TextInput
                  key={language}
                  label={languageName(language)}
                  value={draft.titles[language] ?? ''}
                  onChange={(event) => set('titles', { ...draft.titles, [language]: event.currentTarget.value })}
                  error={language === LANGUAGES[0] ? shown.titles : undefined}
                  radius="md"
                  autoComplete="off"
                />
              ))}
            </Group>
            <Group name="When">
              {(['startsAt', 'endsAt'] as const).map((field) => (
                <TextInput
                  key={field}
                  type="datetime-local"
                  label={field === 'startsAt' ? 'From' : 'Until'}
                  value={draft[field]}
                  onChange={(event) => set(field, event.currentTarget.value)}
                  error={shown[field]}
                  radius="md"
                />
              ))}
            </Group>
            <Group name="Where">
              <TextInput
                label="Place on the page"
                description="From 1; empty: its place is drawn."
                inputMode="numeric"
                {...text('place')}
              />
              <TextInput
                label="Paid for by"
                description="Row and cards say so; kids do not get it."
                {...text('sponsor')}
              />
            </Group>
            <Group name="For whom">
              <TextInput label="Markets" placeholder="everywhere" {...text('markets')} />
              <TextInput label="Tiers" placeholder="every tier" {...text('tiers')} />
              <TextInput label="Languages" placeholder="every language" {...text('languages')} />
              <TextInput label="Share of them, %" placeholder="100" inputMode="decimal" {...text('share')} />
              <Checkbox.Group
                className={styles.ages ?? ''}
                label="Ages"
                description="None ticked: every age."
                value={[...draft.ageBands]}
                onChange={(bands) =>
                  set(
                    'ageBands',
                    AGE_BANDS.filter((band) => bands.includes(band)),
                  )
                }
              >
                <div className={styles.bands}>
                  {AGE_BANDS.map((band) => (
                    <Checkbox key={band} value={band} label={band} size="sm" />
                  ))}
                </div>
              </Checkbox.Group>
            </Group>
          </div>
          <div className={styles.column}>
            <ItemPicker items={draft.items} onChange={(items) => set('items', items)} error={shown.items} />
          </div>
        </div>
        <div className={styles.buttons}>
          {onRemove !== undefined && (
            <Button variant="default" radius="xl" className={styles.remove ?? ''} onClick={onRemove}>
              Take it away
            </Button>
          )}
          {tried && Object.keys(problems).length > 0 && (
            <p className={styles.faults} role="alert">
              {Object.keys(problems).length === 1 ? 'One field needs' : 'Some fields need'} another look.
            </p>
          )}
          <Button type="submit" radius="xl" loading={busy}>
            {isNew ? 'Put it on Homes' : 'Store'}
          </Button>
        </div>
      </Panel>
    </form>
  );
}
