// [data-socket-client]: connects to a stage by way of the portal's bridge, sends, and logs both ways.
// What the bridge says and is told stands in portal/socket_bridge.py. What the form has besides goes along by name.
const root = document.querySelector("[data-socket-client]");
const MOST_LINES = 500;

if (root) {
  const find = (name) => root.querySelector(`[data-client-${name}]`);
  const [connectForm, sendForm, log, state] = ["connect", "send", "log", "state"].map(find);
  let socket = null;
  let told = false;

  function empty(yes) {
    find("empty").hidden = !yes;
    find("clear").disabled = yes;
  }

  function line(kind, label, text) {
    empty(false);
    const item = document.createElement("div");
    item.className = `client-line client-${kind}`;
    const head = document.createElement("span");
    head.className = "client-when";
    head.textContent = `${new Date().toLocaleTimeString([], { hour12: false })} ${label}`;
    const body = document.createElement("pre");
    body.textContent = pretty(text);
    item.append(head, body);
    log.append(item);
    while (log.children.length > MOST_LINES) log.firstElementChild.remove();
    log.scrollTop = log.scrollHeight;
  }

  function pretty(text) {
    try {
      const value = JSON.parse(text);
      return typeof value === "object" && value !== null ? JSON.stringify(value, null, 2) : text;
    } catch {
      return text;
    }
  }

  function show(text, tone) {
    state.textContent = text;
    state.className = `badge badge-dot tone-${tone}`;
    const open = text === "connected";
    const idle = socket === null;
    find("submit").disabled = !open;
    find("open").disabled = !idle;
    find("close").disabled = idle;
  }

  function end(kind, label, text) {
    told = true;
    line(kind, label, text);
    socket = null;
    show("not connected", kind === "error" ? "danger" : "neutral");
  }

  const heard = {
    opened(said) {
      line("note", "connected", said.protocol ? `subprotocol ${said.protocol}` : "");
      show("connected", "success");
      sendForm.elements.message.focus();
    },
    refused(said) {
      end("error", said.status ? `refused with ${said.status}` : "not connected", said.text);
    },
    message(said) {
      if (said.text === undefined) line("in", "← received, binary", said.base64);
      else line("in", "← received", said.text);
    },
    unsent(said) {
      line("error", "not sent", said.text);
    },
    closed(said) {
      end("note", `closed with ${said.code}`, said.reason);
    },
  };

  function headers(text) {
    return text.split("\n").filter((one) => one.includes(":")).map((one) => {
      const at = one.indexOf(":");
      return [one.slice(0, at).trim(), one.slice(at + 1).trim()];
    });
  }

  connectForm.addEventListener("submit", (event) => {
    event.preventDefault();
    if (socket) return;
    const fields = connectForm.elements;
    const url = new URL(fields.stage.value, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const opened = new WebSocket(url);
    socket = opened;
    told = false;
    show("connecting", "info");
    opened.addEventListener("open", () => {
      const { headers: lines = "", protocols: names = "", ...rest } = Object.fromEntries(new FormData(connectForm));
      const protocols = names.split(",").map((one) => one.trim()).filter(Boolean);
      opened.send(JSON.stringify({ ...rest, type: "open", headers: headers(lines), protocols }));
    });
    opened.addEventListener("message", (message) => {
      const said = JSON.parse(message.data);
      heard[said.type]?.(said);
    });
    opened.addEventListener("close", (closing) => {
      if (told || socket !== opened) return;
      end("error", "ended", closing.code === 1013 ? "Too many clients are connected through the portal: try again later." : "The portal ended the connection. You may have been signed out, or it is restarting.");
    });
  });

  find("close").addEventListener("click", () => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "close" }));
  });

  sendForm.addEventListener("submit", (event) => {
    event.preventDefault();
    if (socket?.readyState !== WebSocket.OPEN) return;
    const text = sendForm.elements.message.value;
    const binary = sendForm.elements.binary?.checked ?? false;
    socket.send(JSON.stringify(binary ? { type: "send", base64: text.trim() } : { type: "send", text }));
    line("out", binary ? "→ sent, binary" : "→ sent", text);
  });

  sendForm.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) sendForm.requestSubmit();
  });

  find("clear").addEventListener("click", () => {
    log.replaceChildren();
    empty(true);
  });
}
