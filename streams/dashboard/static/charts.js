// Charts by ECharts, loaded when the first is drawn. Each has words beside it for those who do not see it.
import { html, useEffect, useRef, useState } from './html.js';
import { t } from './i18n.js';
import { useCell } from './cell.js';
import { isStill, palette, theme } from './theme.js';

let library = null;
const echarts = () =>
  (library ??= import('./vendor/echarts/echarts.esm.min.js').catch((error) => {
    library = null;
    throw error;
  }));

// `option(colours)` gives the chart; `onClick(params)` is told of clicks; `chart` takes the instance.
export function Chart({ option, label, height, onClick, onHover, testid, className = '' }) {
  const place = useRef(null);
  const held = useRef({});
  held.current.onClick = onClick;
  held.current.onHover = onHover;
  held.current.option = option;
  const shade = useCell(theme);
  const [failure, fail] = useState(null);

  useEffect(() => {
    let chart = null;
    let watch = null;
    let ended = false;
    echarts().then(
      ({ init }) => {
        if (ended) return;
        chart = init(place.current, null, { renderer: 'canvas' });
        held.current.chart = chart;
        chart.on('click', (params) => held.current.onClick?.(params));
        chart.on('mouseover', (params) => held.current.onHover?.(params));
        chart.on('globalout', () => held.current.onHover?.(null));
        watch = new ResizeObserver(() => chart.resize());
        watch.observe(place.current);
        draw(held.current);
      },
      (error) => fail(error),
    );
    return () => {
      ended = true;
      watch?.disconnect();
      chart?.dispose();
      held.current.chart = null;
    };
  }, []);
  useEffect(() => draw(held.current), [option, shade, height]);

  if (failure) return html`<p class="note" role="alert">${t('chart.failed')}</p>`;
  return html`<div class=${`chart ${className}`} role="img" aria-label=${label} data-testid=${testid} ref=${place}
    style=${{ height: `${height}px` }}></div>`;
}

function draw({ chart, option }) {
  if (!chart) return;
  const colours = palette();
  const drawn = option(colours);
  chart.setOption(
    {
      animation: !isStill(),
      animationDuration: 500,
      animationDurationUpdate: 600,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colours.ink },
      ...drawn,
      // With ids what is on the screen is changed and not replaced: a click on what was replaced
      // between press and release would be lost.
      series: drawn.series.map((each, n) => ({ id: `${each.type} ${n}`, ...each })),
    },
    { notMerge: false, replaceMerge: ['series'] },
  );
}

// A tooltip whose words are elements, never HTML text: nothing of the data is read as markup.
export const tooltip = (colours, lines) => ({
  confine: true,
  backgroundColor: colours.card,
  borderColor: colours.line,
  textStyle: { color: colours.ink, fontSize: 13 },
  formatter: (params) => {
    const box = document.createElement('div');
    for (const line of lines(Array.isArray(params) ? params[0] : params)) {
      const row = document.createElement('div');
      row.textContent = line;
      box.append(row);
    }
    return box;
  },
});

export const axisText = (colours) => ({
  axisLabel: { color: colours.muted, fontSize: 12 },
  axisLine: { lineStyle: { color: colours.line } },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: colours.line } },
});
