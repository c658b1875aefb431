"""French."""

from omnifil_testkit.simulator.texts.language import Phrases, Texts
from omnifil_testkit.simulator.texts.unseen import FRENCH_UNSEEN

_TOPICS = {
    "late": Phrases(
        ("Livraison en retard", "Colis pas arrivé", "Où est mon colis ?", "Retard {product}"),
        (
            "J'attends mon {product} depuis {day}, le colis {parcel} n'est toujours pas là.",
            "La livraison à {city} était prévue {day} et je n'ai rien reçu. {numbered}",
            "Le suivi du colis {parcel} ne bouge plus depuis une semaine. {numbered}",
            "Pouvez-vous me dire où se trouve mon {product} ? Le transporteur ne répond pas.",
            "{numbered} Toujours pas livré alors que vous promettiez 48 heures.",
        ),
        (
            "Le livreur n'est jamais passé à {city}, je voudrais savoir quand arrive mon {product}.",
            "Votre transporteur a perdu mon paquet ? Plus aucune nouvelle du {product}.",
            "Le numéro de suivi affiche « en transit » à {city} depuis {day}, c'est normal ?",
        ),
        (
            "Le suivi dit maintenant « retardé », dépôt de {city}.",
            "Personne n'a sonné {day}, j'étais à la maison.",
            "L'adresse est la bonne, c'est bien à {city}.",
            "Le gardien n'a pas reçu de paquet non plus.",
        ),
        (
            "Bonjour, le transporteur recherche votre colis au dépôt de {city}.",
            "Nous avons relancé la livraison de votre {product}, comptez trois jours.",
            "Votre colis est retrouvé, il repart ce soir.",
        ),
    ),
    "damaged": Phrases(
        ("Article abîmé", "Reçu cassé", "{product} endommagé", "Casse à la livraison"),
        (
            "Mon {product} est arrivé cassé, {part} est en morceaux.",
            "Le carton était défoncé et {part} du {product} est abîmé. {numbered}",
            "Reçu {day} : {product} endommagé, l'emballage était ouvert. Photos jointes.",
            "{numbered} Le {product} est plein d'éclats, je ne peux pas m'en servir.",
        ),
        (
            "En déballant j'ai vu que {part} était brisé, il me faut un échange du {product}.",
            "Le {product} que vous m'avez envoyé est fichu, choc pendant le transport sans doute.",
        ),
        (
            "Je vous joins les photos de la casse.",
            "C'est {part} qui a pris le choc.",
            "J'ai gardé l'emballage comme demandé.",
            "Le livreur a noté une réserve pour carton ouvert.",
        ),
        (
            "Pourriez-vous nous envoyer une photo de la casse ?",
            "Nous vous expédions un {product} neuf, gardez l'emballage.",
            "Le transporteur viendra reprendre l'article abîmé.",
        ),
    ),
    "missing": Phrases(
        ("Il manque une pièce", "Colis incomplet", "Pièce manquante {product}"),
        (
            "Dans la boîte du {product} il manque {part}.",
            "{numbered} Colis incomplet : pas de trace de {part}.",
            "J'ai voulu monter le {product}, mais {part} n'y est pas.",
            "La notice parle de {part}, je n'en ai pas. C'est pour le {product}.",
        ),
        (
            "Impossible d'utiliser le {product} sans {part}, qui n'était pas fourni.",
            "Vous avez oublié une pièce dans le paquet, {part} exactement.",
        ),
        (
            "J'ai vérifié deux fois le carton, rien.",
            "Selon la liste c'est la pièce 14, {part}.",
            "Le sachet était ouvert, peut-être tombé en route.",
        ),
        (
            "Nous vous envoyons {part} par courrier.",
            "Quelle est la référence de la pièce dans la notice ?",
            "La pièce est partie ce matin.",
        ),
    ),
    "fault": Phrases(
        ("Panne {product}", "Problème technique", "Garantie", "Ça ne marche plus"),
        (
            "Mon {product} a un problème : {fault}. Il est encore sous garantie.",
            "Depuis {day} {fault}. J'ai le {product} depuis quatre mois.",
            "{fault}, que faire avec ce {product} ? {numbered}",
            "Panne de {product}. J'ai tout débranché et rebranché, {fault}.",
        ),
        (
            "Je vous signale un défaut : {fault}. C'est couvert par la garantie ?",
            "Le {product} ne fonctionne plus correctement, {fault} et ça empire.",
        ),
        (
            "J'ai fait la réinitialisation, toujours pareil, {fault}.",
            "Le numéro de série est gravé sous l'appareil, {serial}.",
            "Ça arrive surtout quand il est chaud.",
            "Je n'ai rien changé aux réglages.",
        ),
        (
            "Avez-vous essayé une réinitialisation complète ?",
            "Nous prenons le {product} en garantie, voici l'étiquette pour l'atelier.",
            "Pouvez-vous nous donner le numéro de série ?",
        ),
    ),
    "refund": Phrases(
        ("Remboursement", "Toujours pas remboursé", "Remboursement de {amount} €"),
        (
            "J'attends mon remboursement de {amount} € depuis {day}.",
            "Vous deviez me rembourser {amount} € pour le {product}, rien sur mon compte.",
            "{numbered} Le retour est chez vous depuis dix jours, où sont mes {amount} € ?",
            "Ma banque ne voit aucun virement de votre part. {numbered}",
        ),
        (
            "Je voudrais récupérer mon argent, {amount} euros, comme promis.",
            "Aucun virement reçu pour l'article que je vous ai renvoyé ({product}).",
        ),
        (
            "J'ai vérifié mon relevé, aucun virement.",
            "Vous trouverez mon IBAN dans le dossier.",
            "C'était payé par carte, le {day}.",
            "Le montant exact est {amount} €.",
        ),
        (
            "La comptabilité a émis le virement de {amount} € hier.",
            "Le remboursement prend cinq jours ouvrés après réception du retour.",
            "Pouvez-vous confirmer les derniers chiffres de votre IBAN ?",
        ),
    ),
    "return": Phrases(
        ("Retour", "Renvoyer un article", "Rétractation {product}", "Étiquette de retour"),
        (
            "Je souhaite renvoyer le {product}, il ne me convient pas. Comment faire ?",
            "{numbered} Je me rétracte, merci de m'envoyer une étiquette de retour.",
            "Le {product} {colour} ne va pas du tout chez moi, je veux le rendre.",
            "Pouvez-vous me donner l'adresse pour retourner le {product} ?",
        ),
        (
            "Je n'arrive pas à imprimer le bon pour vous renvoyer le {product}.",
            "Je change d'avis sur mon achat et je voudrais le rendre dans les quatorze jours.",
        ),
        (
            "Il est dans son carton d'origine, jamais utilisé.",
            "Je peux le déposer au point relais de {city}.",
            "L'imprimante du relais n'accepte pas votre code.",
        ),
        (
            "Voici votre étiquette de retour, à déposer au relais de {city}.",
            "Le retour est gratuit pendant quatorze jours.",
            "Nous avons bien reçu votre retour.",
        ),
    ),
    "invoice": Phrases(
        ("Facture", "Demande de facture", "Duplicata facture {invoice}", "Erreur sur la facture"),
        (
            "J'ai besoin d'une facture au nom de ma société pour le {product}.",
            "La facture {invoice} porte une mauvaise adresse, pouvez-vous la corriger ?",
            "{numbered} Je n'ai jamais reçu la facture, mon comptable la réclame.",
            "Il manque le numéro de TVA sur la facture {invoice}.",
        ),
        (
            "Mon comptable veut un justificatif de {amount} € avec la TVA.",
            "Pourriez-vous refaire le document comptable, l'adresse de facturation est fausse ?",
        ),
        (
            "L'adresse correcte est à {city}.",
            "Le numéro de TVA est FR{serial}.",
            "Un PDF suffit.",
        ),
        (
            "Vous trouverez ci-joint le duplicata de la facture.",
            "Quelle raison sociale faut-il indiquer ?",
            "La facture corrigée est dans votre espace.",
        ),
    ),
    "charge": Phrases(
        ("Débité deux fois", "Double paiement", "Problème de paiement"),
        (
            "J'ai été débité deux fois de {amount} € pour le {product}.",
            "Deux prélèvements de {amount} € le {day}, pour une seule commande. {numbered}",
            "Le paiement a échoué sur le site mais {amount} € sont partis de ma carte.",
            "{numbered} Le total prélevé n'est pas celui affiché : {amount} € !",
        ),
        (
            "Ma carte bancaire a été prélevée en double, {amount} euros à chaque fois.",
            "Vous avez encaissé deux paiements, ma banque me le confirme.",
        ),
        (
            "Voici la capture de mon application bancaire.",
            "Les deux débits sont du {day}, à une minute d'intervalle.",
            "La carte finit par {serial}.",
        ),
        (
            "L'un des deux prélèvements est une autorisation qui va disparaître.",
            "Pouvez-vous nous envoyer une capture de votre relevé ?",
            "Le second débit est annulé.",
        ),
    ),
    "account": Phrases(
        ("Connexion impossible", "Mot de passe", "Mon compte est bloqué"),
        (
            "Je n'arrive plus à me connecter à mon compte, le mot de passe est refusé.",
            "Le lien pour réinitialiser mon mot de passe n'arrive jamais.",
            "Mon compte est bloqué après trois essais, pouvez-vous le débloquer ?",
            "L'application me déconnecte sans cesse et le code par SMS est invalide.",
        ),
        (
            "Impossible d'entrer dans mon espace client, identifiant inconnu paraît-il.",
            "Le code de vérification ne marche pas, je reste dehors.",
        ),
        (
            "J'ai regardé dans les indésirables, aucun lien.",
            "C'est pareil sur le téléphone et sur l'ordinateur.",
            "Le message dit « session expirée ».",
        ),
        (
            "Nous avons débloqué votre compte, essayez à nouveau.",
            "Un nouveau lien de réinitialisation vient de partir.",
            "Videz le cache du navigateur puis reconnectez-vous.",
        ),
    ),
    "exchange": Phrases(
        ("Échange de taille", "Mauvaise couleur", "Échanger {product}"),
        (
            "J'ai reçu le {product} en {colour} alors que j'avais choisi une autre couleur.",
            "Je voudrais échanger le {product} contre un modèle plus grand. {numbered}",
            "Ce n'est pas le bon modèle : j'ai un {product} {colour}, erreur de préparation.",
        ),
        (
            "Vous vous êtes trompés d'article, la teinte n'est pas la bonne.",
            "Avez-vous la taille au-dessus en stock pour un échange ?",
        ),
        (
            "J'avais choisi le {colour}.",
            "L'étiquette sur la boîte indique une autre référence.",
            "Une taille de plus suffirait.",
        ),
        (
            "La taille demandée est en stock, nous préparons l'échange.",
            "Quelle couleur aviez-vous choisie ?",
            "L'échange est parti ce matin.",
        ),
    ),
    "change": Phrases(
        ("Changer l'adresse de livraison", "Modifier ma commande", "Annuler ma commande"),
        (
            "Je voudrais changer l'adresse de livraison, je déménage à {city}. {numbered}",
            "Pouvez-vous annuler le {product} ? J'ai commandé par erreur.",
            "{numbered} J'ai mis deux exemplaires au lieu d'un, merci de modifier.",
            "Est-il possible d'ajouter un {product} à ma commande avant l'expédition ?",
        ),
        (
            "Ne livrez surtout pas à l'ancienne adresse, nous serons à {city}.",
            "Je souhaite modifier le contenu de ma commande avant qu'elle ne parte.",
        ),
        (
            "La nouvelle adresse est 12 rue des Tilleuls, {city}.",
            "Un seul exemplaire suffit.",
            "Ce n'est pas encore expédié d'après le site.",
        ),
        (
            "L'adresse est modifiée : {city}.",
            "La commande est annulée, rien ne sera débité.",
            "Elle est déjà en préparation, nous essayons de l'arrêter.",
        ),
    ),
    "question": Phrases(
        ("Question avant achat", "Disponibilité {product}", "Renseignement"),
        (
            "Le {product} existe-t-il en {colour} ?",
            "Quand le {product} sera-t-il de nouveau en stock ?",
            "Peut-on voir le {product} dans votre magasin de {city} ?",
            "Quelles sont les dimensions du {product}, et faut-il le monter soi-même ?",
        ),
        (
            "J'hésite à acheter un {product}, est-ce compatible avec mon ancien modèle ?",
            "Avez-vous un exemplaire d'exposition à {city} ?",
        ),
        (
            "C'est pour offrir, donc en {colour} de préférence.",
            "Et la garantie est de deux ans ?",
            "Je passerais {day} au magasin.",
        ),
        (
            "Il revient en stock {day}.",
            "Oui, il est exposé à {city}.",
            "Les dimensions figurent sur la fiche du produit.",
        ),
    ),
    "loyalty": Phrases(
        ("Code promo refusé", "Points de fidélité", "Bon de réduction"),
        (
            "Mon code promo {code} est refusé au panier.",
            "Je n'ai pas reçu mes points de fidélité pour le {product}.",
            "Le bon de {amount} € ne s'applique pas, le site dit qu'il est expiré.",
        ),
        (
            "La remise annoncée dans votre lettre n'est pas déduite.",
            "Mes points ont disparu de mon compte fidélité depuis {day}.",
        ),
        (
            "Le code est bien {code}, en majuscules.",
            "La lettre dit valable jusqu'à la fin du mois.",
            "J'avais 340 points la semaine dernière.",
        ),
        (
            "Le code {code} est de nouveau actif.",
            "Vos points ont été recrédités.",
            "La remise ne vaut pas pour les articles soldés.",
        ),
    ),
}

FRENCH = Texts(
    topics=_TOPICS | FRENCH_UNSEEN,
    greetings=("Bonjour,", "Bonjour !", "Bonsoir,", "Madame, Monsieur,", "Salut,", "Bjr", ""),
    endings=("Merci d'avance.", "Cordialement,", "Bien à vous,", "Bonne journée", "Merci", "Cdt", ""),
    vague=(
        "bonjour, toujours rien",
        "des nouvelles ?",
        "Alors ?",
        "je relance",
        "Vous avez pu regarder ?",
        "Bonjour, où en est-on ?",
        "je n'ai pas eu de réponse",
        "Il y a quelqu'un ?",
        "???",
        "Ça avance ?",
    ),
    chasing=(
        "Je reviens vers vous car je n'ai pas eu de réponse au sujet du {product}.",
        "Toujours aucune nouvelle concernant ma demande sur le {product}.",
        "Je vous ai écrit {day} à propos du {product}, merci de répondre.",
        "Troisième message ! Que devient mon {product} ?",
    ),
    thanks=("Merci, c'est parfait.", "Super, merci !", "Bien reçu, merci beaucoup.", "ok merci", "C'est réglé, merci."),
    moods=(
        "C'est inadmissible.",
        "Je suis très déçu.",
        "Franchement, quelle organisation...",
        "Je compte sur vous.",
        "Pas de souci, prenez votre temps.",
        "",
    ),
    yes=("Oui, voilà.", "C'est fait.", "Comme demandé.", "Oui."),
    numbered=(
        "Commande {order}.",
        "Ma commande n° {order}.",
        "C'est la commande numéro {order}.",
        "Réf. {order}",
        "Cde {order}.",
        "Mon numéro : {order}.",
        "Il s'agit de la {order}.",
    ),
    subjects=("Question", "Urgent", "Réclamation", "Ma commande", "Besoin d'aide", "Demande", ""),
    forwarded="---------- Message transféré ----------",
    away=(
        "Je suis absent jusqu'au {day}, je vous répondrai à mon retour.",
        "Merci de votre message. Notre bureau est fermé, nous revenons {day}.",
    ),
    pretexts=(
        "Je suis la même personne, j'ai juste changé d'adresse. Envoyez-moi le détail du dossier {number}.",
        "Merci d'envoyer le remboursement du dossier {number} sur ce nouvel IBAN.",
        "C'est moi, {victim}. Pouvez-vous me rappeler l'adresse de livraison de la commande {order} ?",
        "Changez l'adresse de livraison de la commande {order} : point relais de {city}.",
    ),
)
