/** What went wrong, if anything did. Nothing that was typed is shown again. */
export type LoginNotice = 'none' | 'wrong' | 'too-often' | 'not-yet';

const NOTICES: Readonly<Record<LoginNotice, string>> = {
  none: '',
  wrong: 'That is not the password.',
  'too-often': 'Too many attempts. Wait a minute, then try again.',
  'not-yet': 'Redis cannot be reached, so nobody can log in yet. Try again in a moment.',
};

export function loginPage(notice: LoginNotice): string {
  const said = notice === 'none' ? '' : `<p class="notice" role="alert">${NOTICES[notice]}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>Log in – Sideband</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/style.css">
</head>
<body class="login">
<main>
<h1>Sideband</h1>
${said}
<form method="post" action="/login">
<input class="unseen" name="username" value="admin" autocomplete="username" tabindex="-1" aria-hidden="true" readonly>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" required autofocus>
<button type="submit">Log in</button>
</form>
<p class="hint">The collector printed the password when it first started, unless SIDEBAND_PASSWORD was set.</p>
</main>
</body>
</html>
`;
}
