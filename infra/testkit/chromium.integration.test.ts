import { expect } from 'vitest';
import { startBrowser, whyNoBrowser } from './chromium.ts';
import { skipBecause } from './skip.ts';

skipBecause(whyNoBrowser()).test('shows a page and runs its script', async () => {
  const browser = await startBrowser();
  const page = await browser.newPage();
  await page.setContent('<p id="a">no</p><script>document.getElementById("a").textContent = "yes"</script>');
  expect(await page.textContent('#a')).toBe('yes');
  await browser.close();
});
