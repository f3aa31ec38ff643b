// What makes a page easier to read; without it everything is still there but the drawn networks.
(() => {
  "use strict";
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Contents: the section in sight is marked; on narrow screens the list starts closed.
  function contents() {
    const links = new Map(all(".lt-toc li a").map((a) => [decodeURIComponent(a.hash.slice(1)), a]));
    const headings = all("h2[id], h3[id]").filter((h) => links.has(h.id));
    if (matchMedia("(max-width: 1023px)").matches) all(".lt-toc details").forEach((d) => { d.open = false; });
    const mark = () => {
      let current = headings[0];
      for (const heading of headings) if (heading.getBoundingClientRect().top < innerHeight * 0.3) current = heading;
      for (const [id, link] of links) {
        if (current && id === current.id) link.setAttribute("aria-current", "location");
        else link.removeAttribute("aria-current");
      }
    };
    let waiting = false;
    addEventListener("scroll", () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; mark(); });
    }, { passive: true });
    mark();
  }

  // A link to something inside closed evidence opens it.
  function reveal() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target) target.scrollIntoView();
  }

  // Tables: a heading sorts, a third click restores the order of the report. Nulls stay last.
  const NUMBER = /^[<>≤≥]?\s*[-+−]?[¥]?\d[\d,]*(\.\d+)?\s*%?$/;
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell ? (cell.dataset.sort ?? cell.textContent.trim()) : "";
  };
  const numberOf = (text) => parseFloat(text.replace(/[<>≤≥¥,%\s]/g, "").replace("−", "-"));
  const isNull = (text) => text === "" || text === "—";

  function sorted(rows, column, ascending) {
    const filled = rows.filter((row) => !isNull(valueOf(row, column)));
    const numeric = filled.every((row) => NUMBER.test(valueOf(row, column)));
    const collator = new Intl.Collator(root.lang, { numeric: true });
    const compare = numeric
      ? (a, b) => numberOf(valueOf(a, column)) - numberOf(valueOf(b, column))
      : (a, b) => collator.compare(valueOf(a, column), valueOf(b, column));
    filled.sort((a, b) => (ascending ? compare(a, b) : compare(b, a)));
    return [...filled, ...rows.filter((row) => isNull(valueOf(row, column)))];
  }

  // A column of long texts gets room for a dozen characters before the table scrolls sideways.
  function roomy(table) {
    const head = table.tHead && table.tHead.rows[0];
    const rows = table.tBodies[0] ? [...table.tBodies[0].rows].slice(0, 60) : [];
    if (!head || table.querySelector("[colspan], [rowspan]")) return;
    [...head.cells].forEach((cell, column) => {
      const longest = Math.max(0, ...rows.map((row) => (row.cells[column]?.textContent.trim().length ?? 0)));
      if (longest > 6 && !cell.classList.contains("num")) cell.style.minWidth = `${Math.min(13, longest + 2)}em`;
    });
  }

  function sortable(table) {
    const body = table.tBodies[0];
    const head = table.tHead && table.tHead.rows.length === 1 ? table.tHead.rows[0] : null;
    if (!head || !body || body.rows.length < 2 || table.querySelector("[colspan], [rowspan]")) return;
    const original = [...body.rows];
    [...head.cells].forEach((cell, column) => {
      if (!cell.textContent.trim()) return;
      const button = document.createElement("span"); // a <button> is not painted in heads that are repeated on paper
      button.setAttribute("role", "button");
      button.tabIndex = 0;
      button.append(...cell.childNodes);
      cell.append(button);
      const first = cell.classList.contains("num") ? "descending" : "ascending";
      const second = first === "ascending" ? "descending" : "ascending";
      button.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        button.click();
      });
      button.addEventListener("click", () => {
        const now = cell.getAttribute("aria-sort");
        const next = now === null ? first : now === first ? second : null;
        [...head.cells].forEach((other) => other.removeAttribute("aria-sort"));
        if (next) cell.setAttribute("aria-sort", next);
        body.append(...(next ? sorted(original, column, next === "ascending") : original));
      });
    });
  }

  // Networks: positions come with the data; titles and labels are text, never markup.
  const GROUPS = ["target", "company", "person", "account", "unknown", "hub", "hit"];
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  function colourOf(group, groups) {
    if (GROUPS.includes(group)) return colour(`--net-${group}`);
    const known = groups.filter((g) => !GROUPS.includes(g));
    return colour(`--net-${Math.max(0, known.indexOf(group)) % 6}`);
  }

  // Edges that share both ends bend apart, so that none covers another.
  function bent(edges) {
    const pairs = new Map();
    const key = (e) => JSON.stringify([String(e.from), String(e.to)].sort());
    for (const edge of edges) pairs.set(key(edge), (pairs.get(key(edge)) ?? 0) + 1);
    const seen = new Map();
    return edges.map((edge) => {
      if (pairs.get(key(edge)) === 1 || edge.from === edge.to) return { ...edge, smooth: false };
      const direction = JSON.stringify([edge.from, edge.to]);
      const nth = seen.get(direction) ?? 0;
      seen.set(direction, nth + 1);
      return { ...edge, smooth: { enabled: true, type: "curvedCW", roundness: 0.12 + 0.1 * nth } };
    });
  }

  function styled(data) {
    const groups = [...new Set(data.nodes.map((n) => n.group))];
    const ink = colour("--ink"), paper = colour("--paper"), edge = colour("--net-edge"), soft = colour("--soft");
    const face = '"Lookthrough Sans", sans-serif';
    const nodes = data.nodes.map((node) => {
      const fill = colourOf(node.group, groups);
      const { group, ...rest } = node;
      return { shape: "dot", size: group === "target" ? 20 : 13, ...rest,
        color: { background: fill, border: paper, highlight: { background: fill, border: ink }, hover: { background: fill, border: ink } },
        font: { color: ink, size: 14, face, strokeWidth: 4, strokeColor: paper } };
    });
    const edges = data.edges.map((e) => {
      const plain = e.group === "hit" || e.hit ? colour("--net-hit") : edge;
      const { group, hit, rows, ...rest } = e;
      return { arrows: "to", width: 1.5, ...rest, color: { color: plain, highlight: ink, hover: ink },
        font: { color: soft, size: 11, face, strokeWidth: 4, strokeColor: paper, align: "middle" } };
    });
    return { nodes, edges };
  }

  function legend(figure, data) {
    const groups = [...new Set(data.nodes.map((n) => n.group))];
    const list = figure.querySelector(".lt-legend");
    list.replaceChildren();
    for (const entry of data.legend ?? []) {
      const item = document.createElement("li"), dot = document.createElement("i");
      dot.style.background = colourOf(entry.group, groups);
      item.append(dot, entry.label ?? entry.text ?? "");
      list.append(item);
    }
  }

  async function network(figure) {
    const data = JSON.parse(document.getElementById(`${figure.id}-data`).textContent);
    const canvas = figure.querySelector(".lt-canvas"), detail = figure.querySelector(".lt-network-detail");
    data.edges = bent(data.edges).map((e, i) => ({ id: `edge-${i}`, ...e }));
    const texts = [...data.nodes, ...data.edges].map((x) => x.label ?? "").join("");
    await document.fonts.load('14px "Lookthrough Sans"', texts + "x");
    const sets = styled(data);
    const nodes = new vis.DataSet(sets.nodes), edges = new vis.DataSet(sets.edges);
    const drawn = new vis.Network(canvas, { nodes, edges }, {
      physics: false, layout: { improvedLayout: false },
      interaction: { hover: true, tooltipDelay: 120, zoomView: false, keyboard: { enabled: true, bindToWindow: false } },
    });
    const titles = new Map([...data.nodes, ...data.edges].map(
      (x) => [x.id, [x.label, x.title, ...(x.rows ?? [])].filter(Boolean).join("\n")]));
    const hint = detail.textContent;
    drawn.on("select", ({ nodes: n, edges: e }) => { detail.textContent = titles.get(n[0] ?? e[0]) ?? hint; });
    // The wheel scrolls the page until a reader enters the picture.
    canvas.addEventListener("pointerdown", () => drawn.setOptions({ interaction: { zoomView: true } }));
    canvas.addEventListener("pointerleave", () => drawn.setOptions({ interaction: { zoomView: false } }));
    const fit = () => drawn.fit({ maxZoomLevel: 1.4 });
    figure.querySelector(".lt-fit").addEventListener("click", fit);
    let width = 0;
    new ResizeObserver(([entry]) => {
      if (Math.abs(entry.contentRect.width - width) < 1) return;
      width = entry.contentRect.width;
      if (width) requestAnimationFrame(() => { drawn.setSize("100%", "100%"); drawn.redraw(); fit(); });
    }).observe(canvas);
    const paint = () => {
      const again = styled(data);
      nodes.update(again.nodes);
      edges.update(again.edges);
      legend(figure, data);
      drawn.redraw();
    };
    legend(figure, data);
    fit();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
    addEventListener("lt-repaint", paint);
    canvas.dataset.drawn = "true";
  }

  // Paper: evidence is opened, contents follow the cover, colours are those of paper; all is put back afterwards.
  let closed = [];
  const toc = document.querySelector(".lt-toc"), cover = document.querySelector(".lt-cover");
  addEventListener("beforeprint", () => {
    if (toc && cover) cover.after(toc);
    closed = all("details:not([open])");
    closed.forEach((d) => { d.open = true; });
    root.classList.add("lt-print");
    dispatchEvent(new Event("lt-repaint"));
  });
  addEventListener("afterprint", () => {
    if (toc) document.querySelector(".lt-page").prepend(toc);
    closed.forEach((d) => { d.open = false; });
    root.classList.remove("lt-print");
    dispatchEvent(new Event("lt-repaint"));
  });

  contents();
  all(".lt-table table").forEach((table) => { roomy(table); sortable(table); });
  addEventListener("hashchange", reveal);
  reveal();
  all(".lt-network").forEach((figure) => { network(figure); });
})();
