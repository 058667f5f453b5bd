/** The bar at the top: the name, whose Home, on what device, and how it is shown. */
import { Menu } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { StoredListener } from '../../../src/server/contract.ts';
import type { Device } from '../shell/api.ts';
import {
  CarIcon,
  CheckIcon,
  CompareIcon,
  DesktopIcon,
  ExplainIcon,
  ListenersIcon,
  MoonIcon,
  MoreIcon,
  PhoneIcon,
  RefreshIcon,
  SearchIcon,
  SunIcon,
  TvIcon,
} from '../shell/icons.tsx';
import { useSchemeSwitch } from '../shell/navigation.tsx';
import { useOpenPalette } from '../shell/palette-context.ts';
import { DEVICE_NAMES } from './address.ts';
import { CompareMenu } from './compare.tsx';
import { ListenerPicker } from './listener-picker.tsx';
import styles from './page-header.module.css';
import type { ChangeAddress, HomeAddress } from './use-home-address.ts';

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
  readonly onChange: ChangeAddress;
  readonly onSurprise: () => void;
  readonly onRenew: () => void;
}

export function PageHeader({ address, profile, onChange, onSurprise, onRenew }: HeaderProps) {
  const { other, switchScheme } = useSchemeSwitch();
  const openPalette = useOpenPalette();
  const schemeText = `Switch to ${other}`;
  const chosen = address.listener !== '';
  const comparing = address.compare !== '';
  return (
    <header className={styles.header}>
      {!chosen && (
        <span className={styles.brand}>
          <img src="/favicon.svg" alt="" width={30} height={30} />
          Shelfwise
        </span>
      )}
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
        <>
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
          <div className={styles.tools}>
            <Link
              to="/listeners/$listenerId"
              params={{ listenerId: address.listener }}
              aria-label="The listener’s page"
              title="The listener’s page"
            >
              <ListenersIcon />
            </Link>
            <button type="button" onClick={onRenew} aria-label="Make this Home anew" title="Make this Home anew">
              <RefreshIcon />
            </button>
            <CompareMenu
              address={address}
              onChange={onChange}
              target={
                <button type="button" data-on={comparing} aria-label="Compare this Home" title="Compare this Home">
                  <CompareIcon />
                </button>
              }
            />
            <button
              type="button"
              aria-pressed={address.explain}
              onClick={() => onChange({ explain: !address.explain })}
              aria-label="Explain this Home"
              title="Explain this Home"
            >
              <ExplainIcon />
            </button>
          </div>
        </>
      )}
      <button type="button" className={styles.search} onClick={openPalette} aria-label="Search" title="Search">
        <SearchIcon />
      </button>
      <Menu position="bottom-end" width={250} withinPortal>
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
              <Menu.Item
                leftSection={<CompareIcon />}
                rightSection={comparing ? <CheckIcon /> : null}
                onClick={() => onChange({ compare: comparing ? '' : 'policy:popularity' })}
              >
                {comparing ? 'Stop comparing' : 'Compare with popularity'}
              </Menu.Item>
              <Menu.Item
                leftSection={<ListenersIcon />}
                renderRoot={(root) => (
                  <Link to="/listeners/$listenerId" params={{ listenerId: address.listener }} {...root} />
                )}
              >
                The listener’s page
              </Menu.Item>
              <Menu.Divider />
            </>
          )}
          <Menu.Item leftSection={other === 'light' ? <SunIcon /> : <MoonIcon />} onClick={switchScheme}>
            {schemeText}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </header>
  );
}
