// The customers' mailboxes: read what the shop answered, write to it.
const [who, list, shown, form, problem, fresh] = ["who", "mails", "mail", "compose", "problem", "new"].map((id) => document.getElementById(id));
const EVERY_MS = 1500;
let mails = [], open = null;

const element = (name, properties = {}, ...inside) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...inside);
  return made;
};
for (const { address, name } of await (await fetch("/mailbox/addresses")).json()) who.append(new Option(`${name} <${address}>`, address));
who.value = new URLSearchParams(location.search).get("as") ?? who.options[0].value;

async function refresh() {
  const newer = await (await fetch(`/mailbox/${encodeURIComponent(who.value)}/mails`)).json();
  if (JSON.stringify(newer.map((mail) => mail.id)) === JSON.stringify(mails.map((mail) => mail.id)) && list.childElementCount) return;
  mails = newer;
  list.replaceChildren(...mails.map((mail) => {
    const button = element("button", { onclick: () => read(mail) }, element("span", { className: "clip" },
      element("b", { textContent: mail.subject || "(no subject)" }), element("br"),
      element("small", { textContent: mail.box === "sent" ? "sent" : mail.from })));
    button.dataset.id = mail.id;
    return button;
  }));
  if (!mails.length) list.append(element("p", { className: "empty", textContent: "No mail yet." }));
  mark();
}

function mark() {
  for (const button of list.querySelectorAll("button")) button.setAttribute("aria-current", button.dataset.id === open?.id);
}

function read(mail) {
  open = mail;
  problem.textContent = "";
  mark();
  const files = mail.attachments.map((file, number) => {
    const href = `/mailbox/${encodeURIComponent(who.value)}/mails/${mail.id}/attachments/${number}`;
    return file.media_type.startsWith("image/")
      ? element("img", { src: href, alt: file.filename, style: "max-width:100%;border-radius:8px" })
      : element("a", { href, download: file.filename, textContent: file.filename });
  });
  shown.replaceChildren(
    element("h2", { textContent: mail.subject || "(no subject)" }),
    element("div", { className: "soft", textContent: `${mail.from} → ${mail.to}` }),
    element("small", { textContent: new Date(mail.date).toLocaleString() }),
    element("pre", { className: "mail", textContent: mail.text }), ...files);
  form.hidden = mail.box === "sent";
  form.subject.hidden = true;
}

fresh.onclick = () => {
  open = null;
  mark();
  shown.replaceChildren(element("h2", { textContent: "New mail" }), element("div", { className: "soft", textContent: "to support@shop.test" }));
  form.hidden = form.subject.hidden = false;
  form.subject.focus();
};
form.onsubmit = async (event) => {
  event.preventDefault();
  const body = new FormData(form);
  if (open) body.set("answered", open.id);
  const answer = await fetch(`/mailbox/${encodeURIComponent(who.value)}/mails`, { method: "POST", body });
  problem.textContent = answer.ok ? "Sent." : (await answer.json()).detail;
  if (answer.ok) { form.reset(); await refresh(); }
};
who.onchange = () => {
  history.replaceState(null, "", `?as=${encodeURIComponent(who.value)}`);
  mails = []; list.replaceChildren(); fresh.click(); refresh();
};
fresh.click();
await refresh();
setInterval(refresh, EVERY_MS);
