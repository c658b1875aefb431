// The sample shop: orders of who is signed in, and the chat widget of ingest-chat in the corner.
const words = {
  en: { hello: (name) => `Good to see you, ${name}`, orders: "Your orders. Questions? The chat is at the bottom of the page.", guest: "Clothes and things that last", ask: "You are not signed in: whoever you say you are in the chat is only a claim.", order: "Order" },
  fr: { hello: (name) => `Ravis de vous revoir, ${name}`, orders: "Vos commandes. Une question ? Le chat est en bas de la page.", guest: "Des vêtements et des objets qui durent", ask: "Vous n’êtes pas connecté : ce que vous dites être dans le chat n’est qu’une affirmation.", order: "Commande" },
};
const goods = [["Linen coat", "€189.00"], ["Walking boots", "€149.00"], ["Cast-iron teapot", "€64.00"], ["Wool scarf", "€39.00"]];
const [shop, who, lang, hello, below, grid] = ["shop", "who", "lang", "hello", "below", "goods"].map((id) => document.getElementById(id));
const customers = await (await fetch("/shop/customers")).json();
const asked = new URLSearchParams(location.search);
for (const customer of customers) who.append(new Option(customer.name, customer.account));
who.value = asked.get("as") ?? "";
lang.value = asked.get("lang") ?? (navigator.language.startsWith("fr") ? "fr" : "en");
document.documentElement.lang = lang.value;
who.onchange = lang.onchange = () => location.assign(`/shop?${new URLSearchParams({ as: who.value, lang: lang.value })}`);

const say = words[lang.value] ?? words.en;
const customer = customers.find((each) => each.account === who.value);
hello.textContent = customer ? say.hello(customer.name) : say.guest;
below.textContent = customer ? say.orders : say.ask;
const cards = customer
  ? customer.orders.map((order) => [`${say.order} ${order.number}`, `${order.what} · ${order.price}`, order.status])
  : goods.map(([name, price]) => [name, price, ""]);
grid.append(...cards.map(([title, text, tag]) => {
  const card = document.createElement("div");
  card.className = "card";
  card.append(Object.assign(document.createElement("h2"), { textContent: title }), Object.assign(document.createElement("div"), { className: "soft", textContent: text }));
  if (tag) card.append(Object.assign(document.createElement("span"), { className: "tag", textContent: tag }));
  return card;
}));

const { account, chat } = shop.dataset;
const widget = document.createElement("script");
widget.async = true;
widget.src = `${chat}/widget.js`;
widget.dataset.account = account;
widget.dataset.lang = lang.value;
if (customer) widget.dataset.identityToken = (await (await fetch(`/shop/identity/${customer.account}`)).json()).token;
document.head.append(widget);
