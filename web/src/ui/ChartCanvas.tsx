import { useComputedColorScheme } from "@mantine/core";
import { BarChart, CustomChart, LineChart } from "echarts/charts";
import { GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { type EChartsType, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { figure } from "../figures/format";
import { useLanguage } from "../i18n";
import type { Series } from "./Chart";

use([
  BarChart,
  LineChart,
  CustomChart,
  GridComponent,
  TooltipComponent,
  MarkAreaComponent,
  MarkLineComponent,
  CanvasRenderer,
]);

interface Props {
  labels: readonly string[];
  every?: number;
  series: readonly Series[];
  hidden: readonly string[];
  target?: number;
  targetLabel: string;
  /** First and last interval of each band, by index. */
  bands: readonly (readonly [number, number])[];
  /** Called with the interval that is clicked. */
  pick?: (index: number) => void;
}

/** Up to so many intervals each has its mark; more of them would cover the line. */
const MARKED = 60;
/** How bars stand beside each other, and so the limits above them. */
const BARS = { barMaxWidth: 22, barGap: "15%", barCategoryGap: "35%" };
const SYMBOLS = { 1: "circle", 2: "circle", 3: "rect", 4: "diamond" } as const;

/** The drawn part of a chart, loaded when the first one is shown: counts are bars, percentages lines. */
export default function ChartCanvas({ labels, every, series, hidden, target, targetLabel, bands, pick }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const picked = useRef(pick);
  picked.current = pick;
  const scheme = useComputedColorScheme();
  const language = useLanguage();

  useEffect(() => {
    if (!place.current) return;
    const own = init(place.current);
    chart.current = own;
    own.getZr().on("click", ({ offsetX, offsetY }) => {
      const point = [offsetX, offsetY];
      if (!own.containPixel("grid", point)) return;
      const [index] = own.convertFromPixel({ seriesIndex: 0 }, point) ?? [];
      if (index !== undefined) picked.current?.(index);
    });
    const observer = new ResizeObserver(() => own.resize());
    observer.observe(place.current);
    return () => {
      observer.disconnect();
      own.dispose();
      chart.current = null;
    };
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours of the style sheet change with the scheme
  useEffect(() => {
    if (!place.current) return;
    const style = getComputedStyle(place.current);
    const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const shown = series.filter((one) => !hidden.includes(one.name));
    const hasPercent = shown.some((one) => one.kind === "percent");
    const hasCount = shown.some((one) => one.kind !== "percent");
    const text = { color: colour("muted"), fontSize: 12, fontFamily: style.fontFamily };
    chart.current?.setOption(
      {
        animation: false,
        grid: { left: 4, right: 4, top: 16, bottom: 4, containLabel: true },
        tooltip: {
          trigger: "axis",
          axisPointer: { type: "shadow", shadowStyle: { color: colour("line"), opacity: 0.35 } },
          backgroundColor: colour("surface"),
          borderColor: colour("line"),
          padding: [8, 12],
          textStyle: { color: colour("text"), fontSize: 13, fontFamily: style.fontFamily },
          confine: true,
        },
        xAxis: {
          type: "category",
          data: [...labels],
          axisLine: { lineStyle: { color: colour("line") } },
          axisTick: { show: false },
          axisLabel: { ...text, hideOverlap: true, lineHeight: 16, interval: every === undefined ? "auto" : every - 1 },
        },
        yAxis: [
          {
            type: "value",
            minInterval: 1,
            splitNumber: 4,
            splitLine: { lineStyle: { color: colour("line") } },
            axisLabel: { ...text, formatter: (value: number) => figure("count", value, language) },
          },
          {
            type: "value",
            min: 0,
            max: 100,
            interval: 25,
            show: hasPercent,
            // Alone it stands where one looks first, with the lines that are read by it.
            position: hasCount ? "right" : "left",
            splitLine: { show: !hasCount, lineStyle: { color: colour("line") } },
            axisLabel: { ...text, formatter: "{value} %" },
          },
        ],
        series: shown.flatMap((one, place) => {
          const bars = shown.filter((other) => other.kind !== "percent");
          const isLine = one.kind === "percent";
          const paint = colour(`series-${one.colour}`);
          const drawn = {
            name: one.name,
            type: isLine ? "line" : "bar",
            yAxisIndex: isLine ? 1 : 0,
            data: [...one.values],
            color: paint,
            ...BARS,
            itemStyle: isLine ? undefined : { borderRadius: [2, 2, 0, 0] },
            symbol: SYMBOLS[one.colour],
            symbolSize: 6,
            showAllSymbol: labels.length <= MARKED,
            lineStyle: { width: 2 },
            z: isLine ? 3 : 2,
            tooltip: { valueFormatter: (value: unknown) => figure(one.kind, value as number | null, language) },
            markArea: place === 0 && bands.length > 0 ? gapBands(bands, isLine, colour("mark-pause")) : undefined,
            markLine:
              isLine && target !== undefined
                ? {
                    silent: true,
                    symbol: "none",
                    lineStyle: { color: colour("muted"), type: "dashed", width: 1 },
                    label: { show: false },
                    data: [{ yAxis: target, name: targetLabel }],
                  }
                : undefined,
          };
          return one.limits?.some((limit) => limit && limit[0] !== limit[1])
            ? [drawn, whiskers(one, bars, isLine ? paint : colour("text"))]
            : [drawn];
        }),
      },
      { notMerge: true },
    );
  }, [labels, series, hidden, target, targetLabel, bands, scheme, language]);

  return <div ref={place} style={{ width: "100%", height: "100%" }} />;
}

/** Bands where a source was cut off, striped: they are told from a coloured background without their colour. */
function gapBands(bands: readonly (readonly [number, number])[], isLine: boolean, paint: string) {
  const size = 8;
  const stripes = document.createElement("canvas");
  stripes.width = stripes.height = size;
  const pen = stripes.getContext("2d");
  if (pen) {
    pen.strokeStyle = paint;
    pen.globalAlpha = 0.45;
    pen.lineWidth = 1.5;
    for (const x of [-size, 0, size]) {
      pen.moveTo(x, size);
      pen.lineTo(x + size, 0);
    }
    pen.stroke();
  }
  return {
    silent: true,
    itemStyle: { color: { image: stripes, repeat: "repeat" } },
    // Bars give a band the whole of its intervals; a line only what lies between two of its points.
    data: bands.map(([first, last]) => [{ xAxis: first }, { xAxis: isLine ? last + 1 : last }]),
  };
}

interface Drawing {
  value: (at: number) => number;
  coord: (point: number[]) => number[];
  barLayout: (bars: typeof BARS & { count: number }) => { offsetCenter: number }[];
}

/** The limits of each value of a series whose source was cut off, as a line from the lowest to the highest: above its own one of the `bars`. */
function whiskers(series: Series, bars: readonly Series[], paint: string) {
  return {
    name: series.name,
    type: "custom",
    yAxisIndex: series.kind === "percent" ? 1 : 0,
    silent: true,
    tooltip: { show: false },
    z: 5,
    encode: { x: 0, y: [1, 2] },
    data: (series.limits ?? []).flatMap((limit, index) => (limit && limit[0] !== limit[1] ? [[index, ...limit]] : [])),
    renderItem: (_: unknown, api: Drawing) => {
      const [middle = 0, low = 0] = api.coord([api.value(0), api.value(1)]);
      const place = api.barLayout({ ...BARS, count: bars.length })[bars.indexOf(series)];
      const x = middle + (place?.offsetCenter ?? 0);
      const [, high = 0] = api.coord([api.value(0), api.value(2)]);
      const line = (x1: number, y1: number, x2: number, y2: number) => ({
        type: "line",
        shape: { x1, y1, x2, y2 },
        style: { stroke: paint, lineWidth: 1.5 },
      });
      return {
        type: "group",
        children: [line(x, low, x, high), line(x - 4, low, x + 4, low), line(x - 4, high, x + 4, high)],
      };
    },
  };
}
