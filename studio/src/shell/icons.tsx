/** The page's icons: 24 × 24, drawn in the colour of the text around them, silent for screen readers. */
import type { ReactNode } from 'react';

function Icon({ children, filled = false }: { readonly children: ReactNode; readonly filled?: boolean }) {
  return (
    <svg
      viewBox="0 0 24 24"
      width="1em"
      height="1em"
      fill={filled ? 'currentColor' : 'none'}
      stroke={filled ? 'none' : 'currentColor'}
      strokeWidth="1.9"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export const PlayIcon = () => (
  <Icon filled>
    <path d="M8 5.6c0-1 1.1-1.6 2-1.1l9.6 6.4c.8.5.8 1.7 0 2.2L10 19.5c-.9.5-2-.1-2-1.1z" />
  </Icon>
);
export const PauseIcon = () => (
  <Icon filled>
    <rect x="6" y="4.5" width="4.2" height="15" rx="1.4" />
    <rect x="13.8" y="4.5" width="4.2" height="15" rx="1.4" />
  </Icon>
);
export const ReplayIcon = () => (
  <Icon>
    <path d="M4.5 12a7.5 7.5 0 1 0 2.3-5.4L4.5 8.8" />
    <path d="M4.5 4.3v4.5H9" />
  </Icon>
);
export const SkipIcon = () => (
  <Icon filled>
    <path d="M5 6.3c0-1 1.1-1.6 1.9-1L14.5 11.1c.7.5.7 1.4 0 1.9L6.9 18.7c-.8.6-1.9 0-1.9-1z" />
    <rect x="16.2" y="4.9" width="3" height="14.2" rx="1.3" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="M6 6l12 12M18 6L6 18" />
  </Icon>
);
export const HeartIcon = ({ on }: { readonly on: boolean }) => (
  <Icon filled={on}>
    <path d="M12 20.3l-7.6-7.5a4.9 4.9 0 0 1 0-7 4.9 4.9 0 0 1 7 0l.6.7.6-.7a4.9 4.9 0 0 1 7 0 4.9 4.9 0 0 1 0 7z" />
  </Icon>
);
export const FollowIcon = ({ on }: { readonly on: boolean }) => (
  <Icon>
    <circle cx="10" cy="8" r="3.8" />
    <path d="M3.5 19.5c.7-3.3 3.3-5.2 6.5-5.2 1.2 0 2.3.25 3.2.7" />
    {on ? <path d="M15 17.5l2.2 2.2 4-4.2" /> : <path d="M18.2 14.5v6M15.2 17.5h6" />}
  </Icon>
);
export const HideIcon = () => (
  <Icon>
    <path d="M4 4l16 16M9.9 5.2A10.6 10.6 0 0 1 12 5c4.7 0 8 3.4 9.3 7a12.4 12.4 0 0 1-2.6 4M6.3 6.8A12.3 12.3 0 0 0 2.7 12c1.3 3.6 4.6 7 9.3 7 1.7 0 3.2-.4 4.5-1.1" />
  </Icon>
);
export const MoreIcon = () => (
  <Icon filled>
    <circle cx="5.5" cy="12" r="1.9" />
    <circle cx="12" cy="12" r="1.9" />
    <circle cx="18.5" cy="12" r="1.9" />
  </Icon>
);
export const ChevronIcon = ({ to }: { readonly to: 'left' | 'right' | 'down' }) => (
  <Icon>
    <path d={to === 'left' ? 'M14.5 6l-6 6 6 6' : to === 'right' ? 'M9.5 6l6 6-6 6' : 'M6 9.5l6 6 6-6'} />
  </Icon>
);
export const SearchIcon = () => (
  <Icon>
    <circle cx="11" cy="11" r="6.5" />
    <path d="M16 16l4.3 4.3" />
  </Icon>
);
export const DiceIcon = () => (
  <Icon>
    <rect x="4" y="4" width="16" height="16" rx="4" />
    <path d="M8.6 8.6h.01M15.4 8.6h.01M12 12h.01M8.6 15.4h.01M15.4 15.4h.01" strokeWidth="2.6" />
  </Icon>
);
export const SunIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 3v1.8M12 19.2V21M3 12h1.8M19.2 12H21M5.6 5.6l1.3 1.3M17.1 17.1l1.3 1.3M18.4 5.6l-1.3 1.3M6.9 17.1l-1.3 1.3" />
  </Icon>
);
export const MoonIcon = () => (
  <Icon>
    <path d="M20 14.2A8.3 8.3 0 0 1 9.8 4a8.3 8.3 0 1 0 10.2 10.2z" />
  </Icon>
);
export const ExplainIcon = () => (
  <Icon>
    <path d="M5 19.5V13M12 19.5V4.5M19 19.5v-9" strokeWidth="2.6" />
  </Icon>
);
export const RefreshIcon = () => (
  <Icon>
    <path d="M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 9" />
    <path d="M19.5 4.3V9H15" />
  </Icon>
);
export const PhoneIcon = () => (
  <Icon>
    <rect x="7" y="3" width="10" height="18" rx="2.5" />
    <path d="M11 17.8h2" />
  </Icon>
);
export const DesktopIcon = () => (
  <Icon>
    <rect x="3" y="4.5" width="18" height="12" rx="2" />
    <path d="M8.5 20h7M12 16.5V20" />
  </Icon>
);
export const TvIcon = () => (
  <Icon>
    <rect x="3" y="7" width="18" height="12" rx="2" />
    <path d="M8 3l4 4 4-4" />
  </Icon>
);
export const CarIcon = () => (
  <Icon>
    <path d="M4 16.5v-3.2l2-5.3c.3-.9 1-1.5 2-1.5h8c1 0 1.7.6 2 1.5l2 5.3v3.2M4 13h16M4 16.5h16M6.5 16.5v2M17.5 16.5v2" />
  </Icon>
);
export const CheckIcon = () => (
  <Icon>
    <path d="M5 12.5l4.5 4.5L19 7.5" />
  </Icon>
);
export const HomeIcon = () => (
  <Icon>
    <path d="M4 11.2l8-7 8 7V19a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 19z" />
    <path d="M9.5 20.5v-6h5v6" />
  </Icon>
);
export const ListenersIcon = () => (
  <Icon>
    <circle cx="9" cy="8.2" r="3.6" />
    <path d="M2.8 19.5c.6-3.3 3.1-5.2 6.2-5.2s5.6 1.9 6.2 5.2" />
    <path d="M15.5 5a3.4 3.4 0 0 1 0 6.5M17.8 14.8c1.9.8 3.1 2.4 3.5 4.7" />
  </Icon>
);
export const CatalogueIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <circle cx="12" cy="12" r="2.4" />
    <path d="M12 6.6a5.4 5.4 0 0 1 5.4 5.4" />
  </Icon>
);
export const ShelvesIcon = () => (
  <Icon>
    <path d="M3.5 20.5h17M3.5 11h17" />
    <path d="M6 11V5.5M9.5 11V4M13 11V6l3-1 1.6 6M6.5 20.5V15M10 20.5v-4M13.5 20.5V14.5M17 20.5V15.5" />
  </Icon>
);
export const ModelsIcon = () => (
  <Icon>
    <circle cx="5" cy="7" r="2" />
    <circle cx="5" cy="17" r="2" />
    <circle cx="12.5" cy="12" r="2.4" />
    <circle cx="20" cy="12" r="1.6" />
    <path d="M6.9 8.2l3.6 2.4M6.9 15.8l3.6-2.4M14.9 12h3.5" />
  </Icon>
);
export const WhatIfIcon = () => (
  <Icon>
    <path d="M4 12h4.5c5 0 4-6 9-6H20M8.5 12c5 0 4 6 9 6H20" />
    <path d="M17.6 3.4L20.2 6l-2.6 2.6M17.6 15.4l2.6 2.6-2.6 2.6" />
  </Icon>
);
export const DataIcon = () => (
  <Icon>
    <path d="M3.5 20h17" />
    <path d="M3.5 16.5c4.8 0 4.700-11.500 8.500-11.500s3.700 11.500 8.500 11.500" />
    <path d="M12 9.500v7" />
  </Icon>
);
export const LiveIcon = () => (
  <Icon>
    <path d="M3 12.5h3.6l2.6-7 4.6 13.5 2.8-6.5H21" />
  </Icon>
);
export const ClockIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 7v5.2l3.4 2" />
  </Icon>
);
export const CompareIcon = () => (
  <Icon>
    <rect x="3.5" y="5" width="7" height="14" rx="1.8" />
    <rect x="13.5" y="5" width="7" height="14" rx="1.8" />
  </Icon>
);
export const BackIcon = () => (
  <Icon>
    <path d="M10 6l-6 6 6 6M4.5 12H20" />
  </Icon>
);
export const ListIcon = () => (
  <Icon>
    <path d="M4 6.5h16M4 12h16M4 17.5h10" />
  </Icon>
);
export const TierIcon = () => (
  <Icon>
    <path d="M12 3.5l2.5 5.2 5.6.8-4 4 .9 5.7-5-2.7-5 2.7.9-5.7-4-4 5.6-.8z" />
  </Icon>
);
export const MarketIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M3.5 12h17M12 3.5c2.4 2.4 3.5 5.3 3.5 8.5s-1.1 6.100-3.500 8.500c-2.400-2.400-3.500-5.300-3.500-8.500s1.100-6.100 3.500-8.500z" />
  </Icon>
);
