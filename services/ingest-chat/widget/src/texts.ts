// Everything that the widget says, in French and English.

export interface Texts {
  open: string;
  openUnread(count: number): string;
  close: string;
  greeting(name: string | null): string;
  invitation: string;
  placeholder: string;
  send: string;
  attach: string;
  dropHere: string;
  removeImage: string;
  uploading: string;
  earlier: string;
  you: string;
  sending: string;
  waiting: string;
  sent: string;
  read: string;
  retry: string;
  discard: string;
  typing(name: string | null): string;
  connecting: string;
  offline: string;
  answers(seconds: number): string;
  somebody: string;
  newMessage(name: string, text: string): string;
  image(name: string): string;
  contactTitle: string;
  contactWhy: string;
  name: string;
  email: string;
  save: string;
  notNow: string;
  contactSaved: string;
  contactFailed: string;
  invalidEmail: string;
  myContact(name: string, email: string): string;
  problems: Record<string, string>;
  anonymous: string;
  reload: string;
}

const minutes = (seconds: number): number => Math.max(1, Math.round(seconds / 60));

const en: Texts = {
  open: "Chat with us",
  openUnread: (count) => (count === 1 ? "Chat with us, 1 new message" : `Chat with us, ${count} new messages`),
  close: "Close the chat",
  greeting: (name) => (name ? `Hello ${name},` : "Hello,"),
  invitation: "how can we help? Write to us here. The conversation stays, also when you come back later.",
  placeholder: "Write a message…",
  send: "Send",
  attach: "Add an image",
  dropHere: "Drop images here",
  removeImage: "Remove the image",
  uploading: "Uploading",
  earlier: "Show earlier messages",
  you: "You",
  sending: "Sending…",
  waiting: "Waiting for the connection",
  sent: "Sent",
  read: "Read",
  retry: "Try again",
  discard: "Delete",
  typing: (name) => (name ? `${name} is typing` : "Somebody is typing"),
  connecting: "Connecting…",
  offline: "No connection. What you write is kept and sent as soon as it is back.",
  answers: (seconds) => {
    const count = minutes(seconds);
    if (count > 90) return `Usually answers within ${Math.round(count / 60)} hours`;
    return count === 1 ? "Usually answers within a minute" : `Usually answers within ${count} minutes`;
  },
  somebody: "Support",
  newMessage: (name, text) => `${name}: ${text}`,
  image: (name) => `Image ${name}`,
  contactTitle: "Where can we reach you if you leave?",
  contactWhy: "Optional, and only to answer you.",
  name: "Name",
  email: "E-mail",
  save: "Save",
  notNow: "No, thank you",
  contactSaved: "Thank you, noted.",
  contactFailed: "That did not work. Please try again.",
  invalidEmail: "This is no e-mail address.",
  myContact: (name, email) => `You can reach me at: ${[name, email].filter(Boolean).join(", ")}`,
  problems: {
    "text-too-long": "Not sent: the message is too long.",
    "too-many-attachments": "Not sent: too many images.",
    "upload-invalid": "Not sent: the image is no longer there. Please add it again.",
    "upload-expired": "Not sent: the image is no longer there. Please add it again.",
    "not-an-image": "Only JPEG, PNG, GIF and WebP images can be sent.",
    "too-large": "The image is too large (10 MB at most).",
    "identity-token-expired": "Your sign-in on this page has expired. Load the page again to go on.",
    "identity-token-invalid": "Your sign-in on this page could not be confirmed.",
    "origin-not-allowed": "The chat is not available on this site.",
    "account-not-found": "The chat is not available on this site.",
    upload: "The image could not be uploaded. Try again.",
    other: "Not sent.",
  },
  anonymous: "Go on without signing in",
  reload: "Load again",
};

const fr: Texts = {
  open: "Discuter avec nous",
  openUnread: (count) =>
    count === 1 ? "Discuter avec nous, 1 nouveau message" : `Discuter avec nous, ${count} nouveaux messages`,
  close: "Fermer la discussion",
  greeting: (name) => (name ? `Bonjour ${name},` : "Bonjour,"),
  invitation:
    "comment pouvons-nous vous aider ? Écrivez-nous ici. La conversation reste, même si vous revenez plus tard.",
  placeholder: "Écrivez un message…",
  send: "Envoyer",
  attach: "Ajouter une image",
  dropHere: "Déposez vos images ici",
  removeImage: "Retirer l’image",
  uploading: "Envoi de l’image",
  earlier: "Afficher les messages précédents",
  you: "Vous",
  sending: "Envoi…",
  waiting: "En attente de connexion",
  sent: "Envoyé",
  read: "Lu",
  retry: "Réessayer",
  discard: "Supprimer",
  typing: (name) => (name ? `${name} écrit` : "Quelqu’un écrit"),
  connecting: "Connexion…",
  offline: "Pas de connexion. Ce que vous écrivez est gardé et partira dès qu’elle revient.",
  answers: (seconds) => {
    const count = minutes(seconds);
    if (count > 90) return `Répond en général en ${Math.round(count / 60)} heures`;
    return count === 1 ? "Répond en général en une minute" : `Répond en général en ${count} minutes`;
  },
  somebody: "Le service client",
  newMessage: (name, text) => `${name} : ${text}`,
  image: (name) => `Image ${name}`,
  contactTitle: "Où vous joindre si vous partez ?",
  contactWhy: "Facultatif, uniquement pour vous répondre.",
  name: "Nom",
  email: "E-mail",
  save: "Enregistrer",
  notNow: "Non merci",
  contactSaved: "Merci, c’est noté.",
  contactFailed: "Cela n’a pas marché. Veuillez réessayer.",
  invalidEmail: "Ce n’est pas une adresse e-mail.",
  myContact: (name, email) => `Vous pouvez me joindre ici : ${[name, email].filter(Boolean).join(", ")}`,
  problems: {
    "text-too-long": "Non envoyé : le message est trop long.",
    "too-many-attachments": "Non envoyé : trop d’images.",
    "upload-invalid": "Non envoyé : l’image n’est plus disponible. Ajoutez-la de nouveau.",
    "upload-expired": "Non envoyé : l’image n’est plus disponible. Ajoutez-la de nouveau.",
    "not-an-image": "Seules les images JPEG, PNG, GIF et WebP peuvent être envoyées.",
    "too-large": "L’image est trop grande (10 Mo au plus).",
    "identity-token-expired": "Votre connexion sur cette page a expiré. Rechargez la page pour continuer.",
    "identity-token-invalid": "Votre connexion sur cette page n’a pas pu être confirmée.",
    "origin-not-allowed": "La discussion n’est pas disponible sur ce site.",
    "account-not-found": "La discussion n’est pas disponible sur ce site.",
    upload: "L’image n’a pas pu être envoyée. Réessayez.",
    other: "Non envoyé.",
  },
  anonymous: "Continuer sans se connecter",
  reload: "Recharger",
};

/** `given` by the site, else the page's language, else the browser's; French if that is French, otherwise English. */
export function language(given: string | undefined, page: string, browser: string): "fr" | "en" {
  const wanted = [given ?? "", page, browser].find((each) => /^(fr|en)\b/i.test(each)) ?? "en";
  return wanted.toLowerCase().startsWith("fr") ? "fr" : "en";
}

/** The tag that times are written by: the first of `tags` that is of this language and names a region, else the language alone. */
export function locale(spoken: "fr" | "en", ...tags: readonly (string | undefined)[]): string {
  return tags.find((tag) => tag !== undefined && new RegExp(`^${spoken}-[A-Za-z]{2}$`, "i").test(tag)) ?? spoken;
}

export const texts: Record<"fr" | "en", Texts> = { fr, en };
