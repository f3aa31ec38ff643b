"use strict";
const colours = { target: "#1d4f7c", company: "#7aa0c4", person: "#c98f4e", hub: "#6d5b8c", account: "#8a94a3", unknown: "#c9ced6" };
const data = JSON.parse(document.getElementById("data").textContent);
const key = (e) => [e.from, e.to].sort().join(" ");
const together = {};
for (const e of data.edges) together[key(e)] = (together[key(e)] || 0) + 1;
const nth = {};
const edges = data.edges.map(({ rows, ...e }, i) => {
  const way = e.from + " " + e.to;
  nth[way] = (nth[way] || 0) + 1;
  const alone = together[key(e)] === 1 || e.from === e.to;
  return { id: `edge-${i}`, ...e, color: { color: "#97a1ae", highlight: "#1b2430", hover: "#1b2430" },
    smooth: alone ? false : { enabled: true, type: "curvedCW", roundness: 0.02 + 0.1 * nth[way] },
    font: { color: "#58626f", size: 11, strokeWidth: 4, strokeColor: "#ffffff" } };
});
const nodes = data.nodes.map(({ group, ...n }) => ({ ...n,
  color: { background: colours[group], border: "#ffffff", highlight: { background: colours[group], border: "#1b2430" } },
  font: { color: "#1b2430", size: 14, strokeWidth: 4, strokeColor: "#ffffff" } }));
const place = document.getElementById("net");
const drawn = new vis.Network(place, { nodes: new vis.DataSet(nodes), edges: new vis.DataSet(edges) },
  { physics: false, layout: { improvedLayout: false }, interaction: { hover: true, tooltipDelay: 120 } });
const titles = new Map([...data.nodes.map((n) => [n.id, [n.label, n.title]]),
  ...data.edges.map((e, i) => [`edge-${i}`, [e.title, ...(e.rows ?? [])]])]);
const detail = document.getElementById("detail"), hint = data.hint;
detail.textContent = hint;
drawn.on("select", ({ nodes: n, edges: e }) => {
  const told = titles.get(n[0] ?? e[0]);
  detail.textContent = told ? told.filter((t) => t && t.trim()).join("\n") : hint;
});
new ResizeObserver(() => { drawn.setSize("100%", "100%"); drawn.redraw(); drawn.fit({ maxZoomLevel: 1.4 }); }).observe(place);
for (const entry of data.legend) {
  const item = document.createElement("li"), dot = document.createElement("i");
  dot.style.background = colours[entry.group];
  item.append(dot, entry.label);
  document.getElementById("legend").append(item);
}
