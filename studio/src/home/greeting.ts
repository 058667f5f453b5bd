/** The greeting of an hour of the day, 0 to 23, on the listener's own clock. */
export function greetingAt(hour: number): string {
  if (hour < 5 || hour >= 23) return 'Still up?';
  if (hour < 12) return 'Good morning';
  if (hour < 18) return 'Good afternoon';
  return 'Good evening';
}
