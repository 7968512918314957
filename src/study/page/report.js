"use strict";
// Draws the plots of the page from the document in it. Text of the document is only ever given to
// Chart.js, which paints it; no markup is made here.
(() => {
  const study = JSON.parse(document.getElementById("study").textContent);
  const drawn = [];
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const isNarrow = () => innerWidth < 640;

  // Okabe and Ito's colours, which people with any colour vision can tell apart; brighter when dark.
  const palette = () =>
    isDark.matches
      ? ["#56b4e9", "#e69f00", "#2fc79a", "#f0e442", "#e894c0", "#ff8c4a", "#b8b8b8", "#8fb4ff"]
      : ["#0072b2", "#b86e00", "#00795a", "#8a7d00", "#b04a86", "#c04a00", "#555555", "#3a5fcd"];

  const number = (value) => {
    if (value === null || value === undefined) return "–";
    if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(1);
    return value < 10 ? value.toPrecision(3) : value.toFixed(value < 100 ? 1 : 0);
  };

  const draw = (id, config) => {
    const canvas = document.getElementById(id);
    if (canvas) drawn.push(new Chart(canvas, config));
  };

  const axis = (title, more) => ({
    title: { display: true, text: title, color: color("--text") },
    ticks: { color: color("--soft") },
    grid: { color: color("--line") },
    ...more,
  });

  // On a logarithmic axis only the powers of ten and their halves are written.
  const powerTick = (value) => {
    const lead = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
    return Math.abs(lead - 1) < 1e-6 ? String(value) : "";
  };

  // A box for a text of this width beside a point, in a direction and at a distance from it.
  const labelHeight = 15;
  const labelGap = 6; // between two names in a line
  const boxBeside = (point, width, [dx, dy], distance) => {
    const left = point.x + dx * distance - (width * (1 - dx)) / 2;
    const top = point.y + dy * distance - (labelHeight * (1 - dy)) / 2;
    return { left, top, right: left + width, bottom: top + labelHeight };
  };
  const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

  // Boxes for the names of points, as near to them as there is room: on no point and on no other
  // name. Nothing for a name without room, which still has its tooltip and its row in the table.
  const placeLabels = (points, area, widthOf) => {
    const directions = [
      ...[[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]],
      ...[[1, -0.5], [1, 0.5], [-1, -0.5], [-1, 0.5], [0.5, -1], [0.5, 1], [-0.5, -1], [-0.5, 1]],
    ];
    const distances = [10, 18, 26, 34, 44, 54, 66, 78, 92, 108, 126, 146];
    const taken = points.map(({ x, y }) => ({ left: x - 8, right: x + 8, top: y - 8, bottom: y + 8 }));
    const isFree = (box) =>
      box.left > area.left && box.right < area.right && box.top > area.top && box.bottom < area.bottom &&
      !taken.some((other) => overlap(box, other));
    return points.map((point) => {
      for (const distance of distances) {
        for (const direction of directions) {
          const box = boxBeside(point, widthOf(point.name), direction, distance);
          if (!isFree(box)) continue;
          taken.push({ ...box, left: box.left - labelGap, right: box.right + labelGap });
          return { ...box, isFar: distance > distances[1] };
        }
      }
      return null;
    });
  };

  // Names that are not beside their points are joined to them by a line.
  const drawLabels = (chart, points) => {
    const { ctx, chartArea, canvas } = chart;
    ctx.save();
    ctx.font = "12px system-ui, sans-serif";
    const boxes = placeLabels(points, chartArea, (text) => ctx.measureText(text).width);
    ctx.strokeStyle = color("--soft");
    ctx.lineWidth = 0.75;
    const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
    boxes.forEach((box, i) => {
      if (!box?.isFar) return;
      ctx.beginPath();
      ctx.moveTo(points[i].x, points[i].y);
      ctx.lineTo(clamp(points[i].x, box.left, box.right), clamp(points[i].y, box.top, box.bottom));
      ctx.stroke();
    });
    // A rim in the colour of the page keeps lines out of the letters.
    ctx.textBaseline = "middle";
    ctx.strokeStyle = color("--page");
    ctx.fillStyle = color("--text");
    ctx.lineWidth = 3;
    boxes.forEach((box, i) => {
      if (!box) return;
      for (const paint of ["strokeText", "fillText"]) ctx[paint](points[i].name, box.left, (box.top + box.bottom) / 2);
    });
    ctx.restore();
    canvas.dataset.labels = JSON.stringify(
      boxes.map((box, i) => ({ name: points[i].name, point: [points[i].x, points[i].y], box })));
  };

  const drawPareto = () => {
    const colors = palette();
    const floor = 1e-4; // below this all are alike, and a logarithm needs something above zero
    const points = study.formats
      .filter((format) => !format.same_as && format.evaluation.kld_mean !== null)
      .map((format) => ({
        x: format.file_bytes / 1048576,
        y: Math.max(format.evaluation.kld_mean, floor),
        name: format.name,
        kld: format.evaluation.kld_mean,
        best: format.pareto,
        mse: format.scale !== "absmax",
      }));
    const line = points.filter((point) => point.best).sort((a, b) => a.x - b.x);
    const set = (label, shown, shade, style) => ({
      label,
      data: shown,
      backgroundColor: shade,
      borderColor: shade,
      pointStyle: style,
      pointRadius: 6,
      pointHoverRadius: 8,
    });
    // The names beside the points: Chart.js 3 has no labels of points itself.
    const names = {
      id: "names",
      afterDatasetsDraw(chart) {
        const shown = chart.data.datasets.flatMap((dataset, index) =>
          dataset.showLine || !chart.isDatasetVisible(index)
            ? []
            : chart.getDatasetMeta(index).data.map((element, i) => ({
                x: element.x,
                y: element.y,
                name: dataset.data[i].name,
              })));
        drawLabels(chart, shown);
      },
    };
    draw("chart-pareto", {
      type: "scatter",
      plugins: [names],
      data: {
        datasets: [
          set("scale by the largest weight", points.filter((p) => !p.mse), colors[0], "circle"),
          set("scale of least error", points.filter((p) => p.mse), colors[1], "rectRot"),
          {
            label: "no other is better in both",
            data: line,
            showLine: true,
            pointRadius: 0,
            pointHitRadius: 0,
            borderColor: color("--soft"),
            backgroundColor: color("--soft"),
            borderWidth: 1.5,
            borderDash: [6, 4],
            pointStyle: "line",
          },
        ],
      },
      options: {
        maintainAspectRatio: false,
        animation: false,
        scales: {
          x: axis("MiB", { min: 0, grace: "5%" }),
          y: axis("mean KL divergence, nats for a token", {
            type: "logarithmic",
            ticks: { color: color("--soft"), callback: powerTick },
          }),
        },
        plugins: {
          legend: { labels: { color: color("--text"), usePointStyle: true } },
          tooltip: {
            callbacks: {
              label: (item) =>
                `${item.raw.name}: ${item.raw.x.toFixed(1)} MiB, KLD ${number(item.raw.kld)}`,
            },
          },
        },
      },
    });
  };

  // A shade between two ends, with t from 0 to 1.
  const shade = (t) => {
    const ends = isDark.matches
      ? [[36, 44, 52], [66, 120, 140], [240, 200, 90], [255, 110, 90]]
      : [[238, 243, 246], [140, 190, 214], [230, 140, 40], [130, 20, 30]];
    const at = Math.min(Math.max(t, 0), 1) * (ends.length - 1);
    const low = Math.min(Math.floor(at), ends.length - 2);
    const mix = ends[low].map((v, i) => Math.round(v + (ends[low + 1][i] - v) * (at - low)));
    return `rgb(${mix.join(",")})`;
  };

  // A heat map as a stacked bar for each format, all pieces of the same height.
  const drawHeat = (id, layers) => {
    const rows = study.sensitivity.map((row) => ({
      format: row.format,
      parts: row.parts.filter((part) => part.is_layer === layers),
    }));
    const names = [];
    for (const row of rows) {
      for (const part of row.parts) if (!names.includes(part.part)) names.push(part.part);
    }
    if (names.length === 0) return;
    const all = rows.flatMap((row) => row.parts.map((part) => Math.max(part.kld, 1e-5)));
    const low = Math.log(Math.min(...all));
    const high = Math.log(Math.max(...all));
    const heat = (kld) => shade(high > low ? (Math.log(Math.max(kld, 1e-5)) - low) / (high - low) : 0.5);
    // Layers run from left to right; on a narrow screen from top to bottom.
    const across = layers && !isNarrow();
    const short = (name) => (layers ? name.replace("layer ", "") : name);
    const datasets = across
      ? rows.map((row) => ({ name: row.format, values: names.map((n) => row.parts.find((p) => p.part === n)) }))
      : names.map((n) => ({ name: short(n), values: rows.map((row) => row.parts.find((p) => p.part === n)) }));
    const labels = across ? names.map(short) : rows.map((row) => row.format);
    const canvas = document.getElementById(id);
    if (!canvas) return;
    const count = datasets.length;
    canvas.parentElement.style.height = `${Math.max(9, count * (across ? 3 : 1.35) + 5)}rem`;
    draw(id, {
      type: "bar",
      data: {
        labels,
        datasets: datasets.map((set) => ({
          label: set.name,
          data: set.values.map(() => 1),
          cells: set.values,
          backgroundColor: set.values.map((cell) => (cell ? heat(cell.kld) : "transparent")),
          borderColor: color("--page"),
          borderWidth: 1,
          borderSkipped: false,
          barPercentage: 1,
          categoryPercentage: 1,
        })),
      },
      options: {
        maintainAspectRatio: false,
        animation: false,
        scales: {
          x: axis(across ? "layer" : "format", { stacked: true, position: across ? "bottom" : "top", grid: { display: false } }),
          y: axis(across ? "format" : layers ? "layer" : "matrices", {
            stacked: true,
            reverse: true,
            min: 0,
            max: count,
            grid: { display: false },
            // A tick between two pieces would name neither: they stand at the middle of each.
            afterBuildTicks: (scale) => {
              scale.ticks = datasets.map((_, i) => ({ value: i + 0.5 }));
            },
            ticks: {
              autoSkip: false,
              color: color("--soft"),
              callback: (value) => datasets[Math.floor(value)]?.name ?? "",
            },
          }),
        },
        plugins: {
          legend: { display: false },
          subtitle: {
            display: true,
            align: "start",
            color: color("--soft"),
            text: isDark.matches
              ? `from KLD ${number(Math.exp(low))} (darkest) over yellow to ${number(Math.exp(high))} (red)`
              : `from KLD ${number(Math.exp(low))} (palest) over orange to ${number(Math.exp(high))} (dark red)`,
          },
          tooltip: {
            callbacks: {
              title: () => "",
              label: (item) => {
                const cell = item.dataset.cells[item.dataIndex];
                const other = `${item.dataset.label}, ${item.label}`;
                return cell ? `${cell.part}, ${across ? item.dataset.label : item.label}: KLD ${number(cell.kld)}` : `${other}: 16 bits`;
              },
            },
          },
        },
      },
    });
  };

  const drawWeights = (id, tensor) => {
    const colors = palette();
    const bins = tensor.shares.length;
    const width = (2 * tensor.reach) / bins;
    const shown = tensor.formats.filter((format) => format.levels.length > 0);
    const highest = Math.max(...tensor.shares);
    // The formats stand below the histogram, each in a row of its own.
    const place = (index) => -highest * (0.1 + 0.13 * index);
    const rowNames = new Map(shown.map((format, i) => [place(i), format.format]));
    const canvas = document.getElementById(id);
    if (!canvas) return;
    canvas.parentElement.style.height = `${16 + 2.2 * shown.length}rem`;
    const bottom = place(shown.length - 1) - highest * 0.08;
    draw(id, {
      data: {
        datasets: [
          {
            type: "line",
            label: "weights",
            data: tensor.shares.map((share, i) => ({ x: -tensor.reach + (i + 0.5) * width, y: share })),
            borderColor: color("--soft"),
            backgroundColor: color("--line"),
            fill: { target: { value: 0 } },
            stepped: "middle",
            pointRadius: 0,
            pointHitRadius: 0,
            borderWidth: 1,
          },
          ...shown.map((format, i) => ({
            type: "bubble",
            label: format.format,
            data: format.levels.map((level) => ({
              x: level.position,
              y: place(i),
              r: 2 + 16 * Math.sqrt(level.share),
              share: level.share,
            })),
            backgroundColor: colors[i % colors.length] + "b0",
            borderColor: colors[i % colors.length],
            clip: false,
          })),
        ],
      },
      options: {
        maintainAspectRatio: false,
        animation: false,
        scales: {
          x: axis("standard deviations of the row", { type: "linear", min: -tensor.reach, max: tensor.reach }),
          y: axis("share of the weights", {
            min: bottom,
            max: highest * 1.08,
            afterBuildTicks: (scale) => {
              scale.ticks = [
                ...[...rowNames.keys()].map((value) => ({ value })),
                ...[0, 0.5, 1].map((part) => ({ value: highest * part })),
              ].sort((a, b) => a.value - b.value);
            },
            ticks: {
              autoSkip: false,
              color: color("--soft"),
              callback: (value) => rowNames.get(value) ?? (value >= 0 ? `${(100 * value).toFixed(1)} %` : ""),
            },
          }),
        },
        plugins: {
          legend: { display: false },
          tooltip: {
            callbacks: {
              label: (item) =>
                `${item.dataset.label}: level at ${item.raw.x.toFixed(2)}, ${(100 * item.raw.share).toFixed(1)} % of the weights`,
            },
          },
        },
      },
    });
  };

  const drawAll = () => {
    while (drawn.length > 0) drawn.pop().destroy();
    drawPareto();
    drawHeat("chart-layers", true);
    drawHeat("chart-kinds", false);
    study.histograms.forEach((tensor, i) => drawWeights(`chart-weights-${i}`, tensor));
    document.documentElement.dataset.charts = String(drawn.length);
  };

  drawAll();
  isDark.addEventListener("change", drawAll);
  matchMedia("(max-width: 639px)").addEventListener("change", drawAll);
})();
