const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** 1536 → `1.54 kB`, in the units of the policy: three digits, enough to compare two images by eye. */
export function bytes(count) {
  let value = count;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : value >= 9.95 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

const STEPS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
];

/** 190 000 → `3 min`, in the largest unit of which there are two or, for minutes, one. */
export function duration(milliseconds) {
  const seconds = Math.max(0, milliseconds / 1_000);
  for (const [size, name] of STEPS) {
    if (seconds >= size * (size === 60 ? 1 : 2)) return `${Math.floor(seconds / size)} ${name}`;
  }
  return 'less than a minute';
}

export function ago(milliseconds) {
  return milliseconds < 60_000 ? 'just now' : `${duration(milliseconds)} ago`;
}

/** `gitlab.example/42/1234` → `job 1234`. What is not written like that stays as it is. */
export function job(key) {
  const parts = key.split('/');
  return parts.length === 3 ? `job ${parts[2]}` : key;
}
