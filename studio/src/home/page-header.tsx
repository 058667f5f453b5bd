/** The bar at the top: the name, whose Home, on what device, and how it is shown. */
import { Menu, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import type { ReactNode } from 'react';
import type { StoredListener } from '../../../src/server/contract.ts';
import type { Device } from '../shell/api.ts';
import {
  CarIcon,
  CheckIcon,
  DesktopIcon,
  ExplainIcon,
  MoonIcon,
  MoreIcon,
  PhoneIcon,
  RefreshIcon,
  SunIcon,
  TvIcon,
} from '../shell/icons.tsx';
import { DEVICE_NAMES } from './address.ts';
import { ListenerPicker } from './listener-picker.tsx';
import styles from './page-header.module.css';
import type { HomeAddress } from './use-home-address.ts';

/** One device a surface; others can be linked to by address. */
const OFFERED: readonly (readonly [Device, ReactNode])[] = [
  ['phone', <PhoneIcon key="phone" />],
  ['desktop', <DesktopIcon key="desktop" />],
  ['tv', <TvIcon key="tv" />],
  ['car', <CarIcon key="car" />],
];

interface HeaderProps {
  readonly address: HomeAddress;
  readonly profile: StoredListener['profile'] | undefined;
  readonly onChange: (change: Partial<HomeAddress>) => void;
  readonly onSurprise: () => void;
  readonly onRenew: () => void;
}

export function PageHeader({ address, profile, onChange, onSurprise, onRenew }: HeaderProps) {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('dark');
  const otherScheme = scheme === 'dark' ? 'light' : 'dark';
  const schemeText = `Switch to ${otherScheme}`;
  const schemeIcon = scheme === 'dark' ? <SunIcon /> : <MoonIcon />;
  const chosen = address.listener !== '';
  return (
    <header className={styles.header}>
      <button
        type="button"
        className={styles.brand}
        onClick={() => onChange({ listener: '' })}
        aria-label="Shelfwise, choose who listens"
      >
        <img src="/favicon.svg" alt="" width={34} height={34} />
        <span>Shelfwise</span>
      </button>
      {chosen && (
        <ListenerPicker
          listenerId={address.listener}
          profile={profile}
          onPick={(listener) => onChange({ listener })}
          onSurprise={onSurprise}
        />
      )}
      <div className={styles.room} />
      {chosen && (
        <fieldset className={styles.devices}>
          <legend className="visually-hidden">Device</legend>
          {OFFERED.map(([device, icon]) => (
            <label key={device} data-on={device === address.device} title={DEVICE_NAMES[device]}>
              <input
                type="radio"
                name="device"
                value={device}
                checked={device === address.device}
                onChange={() => onChange({ device })}
              />
              {icon}
              <span className={styles.deviceName}>{DEVICE_NAMES[device]}</span>
            </label>
          ))}
        </fieldset>
      )}
      <div className={styles.tools}>
        {chosen && (
          <>
            <button type="button" onClick={onRenew} aria-label="Make this Home anew" title="Make this Home anew">
              <RefreshIcon />
            </button>
            <button
              type="button"
              aria-pressed={address.explain}
              onClick={() => onChange({ explain: !address.explain })}
              aria-label="Explain this Home"
              title="Explain this Home"
            >
              <ExplainIcon />
            </button>
          </>
        )}
        <button type="button" onClick={() => setColorScheme(otherScheme)} aria-label={schemeText} title={schemeText}>
          {schemeIcon}
        </button>
      </div>
      <Menu position="bottom-end" width={230} withinPortal>
        <Menu.Target>
          <button type="button" className={styles.more} aria-label="Device and display">
            <MoreIcon />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {chosen && (
            <>
              <Menu.Label>Device</Menu.Label>
              {OFFERED.map(([device, icon]) => (
                <Menu.Item
                  key={device}
                  leftSection={icon}
                  rightSection={device === address.device ? <CheckIcon /> : null}
                  onClick={() => onChange({ device })}
                >
                  {DEVICE_NAMES[device]}
                </Menu.Item>
              ))}
              <Menu.Divider />
              <Menu.Item leftSection={<RefreshIcon />} onClick={onRenew}>
                Make this Home anew
              </Menu.Item>
              <Menu.Item
                leftSection={<ExplainIcon />}
                rightSection={address.explain ? <CheckIcon /> : null}
                onClick={() => onChange({ explain: !address.explain })}
              >
                Explain this Home
              </Menu.Item>
            </>
          )}
          <Menu.Item leftSection={schemeIcon} onClick={() => setColorScheme(otherScheme)}>
            {schemeText}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </header>
  );
}
