// Runs before the first paint, so that the page never flashes in the wrong colours or language.
(() => {
  const root = document.documentElement;
  const theme = localStorage.getItem('vp.theme');
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  root.lang = localStorage.getItem('vp.language') ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');
})();
