/** Light, dark, or as the system says. */
import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components';
import { useLanguage } from './language.tsx';

const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const kept = 'waybill.theme';

function first(): Theme {
  const chosen = localStorage.getItem(kept);
  return themes.find((one) => one === chosen) ?? 'system';
}

export function ThemeButton() {
  const { say } = useLanguage();
  const [theme, setTheme] = useState(first);
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme;
    localStorage.setItem(kept, theme);
  }, [theme]);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system';
  return (
    <Button onPress={() => setTheme(next)}>
      <span className="long">{say.theme.name}: </span>
      {say.theme[theme]}
    </Button>
  );
}
