"""Matters and products that simulations speak of only where they are asked to (`Rates.unseen`).

Seeds for tuning do not have them: whoever fits words to those seeds does not fit these.
"""

from omnifil_testkit.simulator.texts.language import Phrases
from omnifil_testkit.simulator.texts.things import Product

FRENCH_UNSEEN = {
    "pickup": Phrases(
        ("Retrait en magasin", "Click and collect", "Retrait impossible"),
        (
            "Le magasin de {city} refuse de me remettre le {product}, le code de retrait serait périmé.",
            "Je devais récupérer mon {product} au comptoir de {city}, personne ne le retrouve. {numbered}",
            "{numbered} Jusqu'à quand le magasin me garde-t-il l'article ?",
        ),
        (
            "Au guichet de {city} on me dit que rien n'est mis de côté à mon nom.",
            "Je viens chercher mon achat {day}, pouvez-vous prévenir l'équipe du point de vente ?",
        ),
        (
            "Le vendeur a scanné le QR code, écran rouge.",
            "J'y étais à l'ouverture, {day}.",
            "Mon voisin peut-il passer à ma place ?",
        ),
        (
            "Le magasin de {city} vous attend jusqu'à {day}.",
            "Un nouveau code de retrait vous est envoyé.",
            "Munissez-vous d'une pièce d'identité.",
        ),
    ),
    "installation": Phrases(
        ("Rendez-vous d'installation", "Le technicien n'est pas venu", "Montage à domicile"),
        (
            "Le technicien devait installer le {product} {day} matin, nous avons attendu pour rien.",
            "Je voudrais décaler l'intervention prévue à {city}. {numbered}",
            "Le monteur est parti avant d'avoir fini, {part} n'est pas fixé.",
        ),
        (
            "Quand votre équipe revient-elle terminer la pose du {product} ?",
            "J'ai posé une demi-journée de congé pour un rendez-vous que personne n'a honoré.",
        ),
        ("Après 17 heures ce serait mieux.", "Il y a un ascenseur, troisième étage.", "Le mur est en placo."),
        (
            "Nous vous proposons un nouveau créneau {day}.",
            "Le technicien vous appellera avant de passer.",
            "La pose est comprise dans le prix.",
        ),
    ),
    "subscription": Phrases(
        ("Résiliation", "Abonnement", "Prélèvement mensuel"),
        (
            "Je veux résilier mon abonnement d'entretien pour le {product}.",
            "L'abonnement s'est renouvelé tout seul, {amount} € par mois, sans prévenir.",
            "Comment suspendre la formule pendant les vacances ?",
        ),
        (
            "J'ai demandé l'arrêt de la formule mensuelle et elle continue.",
            "Quel préavis pour mettre fin au contrat d'entretien ?",
        ),
        (
            "Je l'avais souscrit en ligne.",
            "La dernière échéance était {day}.",
            "Je n'ai jamais utilisé l'option premium.",
        ),
        (
            "La résiliation prend effet à la prochaine échéance.",
            "La formule est suspendue deux mois.",
            "Aucune pénalité ne s'applique.",
        ),
    ),
    "giftcard": Phrases(
        ("Carte cadeau", "Solde de ma carte", "Chèque-cadeau perdu"),
        (
            "La carte cadeau de {amount} € offerte par ma sœur affiche un solde nul.",
            "Le code à gratter de ma carte est illisible.",
            "Puis-je payer le {product} avec deux chèques-cadeaux ?",
        ),
        (
            "En caisse à {city} la carte n'a pas été reconnue.",
            "Le bénéficiaire n'a jamais reçu le courriel avec son cadeau.",
        ),
        (
            "Elle a été achetée {day}.",
            "Les quatre premiers chiffres sont lisibles.",
            "Le ticket de caisse est chez ma sœur.",
        ),
        (
            "Le solde de la carte est rétabli.",
            "Photographiez le verso de la carte, s'il vous plaît.",
            "Deux cartes se cumulent sans problème.",
        ),
    ),
    "privacy": Phrases(
        ("Données personnelles", "Désinscription", "Suppression de mes données"),
        (
            "Je demande l'effacement de toutes mes données, conformément au RGPD.",
            "Cessez de m'envoyer vos publicités, j'ai cliqué dix fois sur désabonner.",
            "Quelles informations conservez-vous sur moi ?",
        ),
        (
            "Je reçois encore vos courriers publicitaires malgré mon opposition.",
            "Où en est ma demande d'accès à mes informations ?",
        ),
        ("Le délai légal est d'un mois.", "Je vous joins ma carte d'identité.", "C'est le troisième prospectus."),
        (
            "Votre opposition est enregistrée.",
            "L'archive de vos données sera prête {day}.",
            "La suppression est définitive.",
        ),
    ),
}
ENGLISH_UNSEEN = {
    "pickup": Phrases(
        ("Store pick-up", "Click and collect", "Could not collect"),
        (
            "The {city} shop will not hand over my {product}, the collection code has run out they say.",
            "I was to collect my {product} at the counter in {city}, nobody can find it. {numbered}",
            "{numbered} How long does the shop hold the item for me?",
        ),
        (
            "At the desk in {city} they say nothing was put aside under my name.",
            "I am coming to fetch my purchase on {day}, could you warn the branch?",
        ),
        (
            "The clerk scanned the QR code, red screen.",
            "I was there when they opened, on {day}.",
            "Can my neighbour go instead of me?",
        ),
        (
            "The {city} branch expects you until {day}.",
            "A new collection code is on its way to you.",
            "Please bring an identity card.",
        ),
    ),
    "installation": Phrases(
        ("Fitting appointment", "The fitter did not show up", "Assembly at home"),
        (
            "The fitter was due to install the {product} on {day} morning, we waited for nothing.",
            "I would like to move the visit planned in {city}. {numbered}",
            "The fitter left before he was done, {part} is still loose.",
        ),
        (
            "When does your crew come back to finish mounting the {product}?",
            "I took half a day off for a visit that nobody turned up for.",
        ),
        ("After five o'clock would be better.", "There is a lift, third floor.", "The wall is plasterboard."),
        (
            "We can offer another slot on {day}.",
            "The fitter will ring before coming.",
            "Mounting is included in the price.",
        ),
    ),
    "subscription": Phrases(
        ("Terminating my plan", "Subscription", "Monthly debit"),
        (
            "I want to end my maintenance plan for the {product}.",
            "The plan renewed by itself, {amount} a month, without any notice.",
            "How do I pause the plan over the holidays?",
        ),
        (
            "I asked you to stop the monthly plan and it keeps running.",
            "What notice do I have to give to end the maintenance contract?",
        ),
        ("I signed up online.", "The last instalment was on {day}.", "I never used the premium option."),
        ("It ends with the next instalment.", "The plan is paused for two months.", "There is no penalty."),
    ),
    "giftcard": Phrases(
        ("Gift card", "Balance of my card", "Lost gift voucher"),
        (
            "The {amount} gift card from my sister shows a balance of nought.",
            "The scratch code on my card cannot be read.",
            "Can I pay for the {product} with two gift cards?",
        ),
        (
            "At the till in {city} the card was not recognised.",
            "The person I gave it to never received the e-mail with the present.",
        ),
        ("It was bought on {day}.", "The first four digits can be read.", "My sister has the till receipt."),
        (
            "The balance of the card is restored.",
            "Please take a picture of the back of the card.",
            "Two cards add up without trouble.",
        ),
    ),
    "privacy": Phrases(
        ("Personal data", "Unsubscribe", "Delete my data"),
        (
            "I ask you to erase all my data, as the GDPR provides.",
            "Stop sending me your advertising, I have clicked unsubscribe ten times.",
            "What information do you hold about me?",
        ),
        (
            "I still get your marketing leaflets although I objected.",
            "What has become of my request to see my information?",
        ),
        ("The law gives you one month.", "My identity card is attached.", "This is the third leaflet."),
        ("Your objection is on record.", "The archive of your data will be ready on {day}.", "Deletion is for good."),
    ),
}
UNSEEN_PRODUCTS = (
    Product(
        ("piano numérique Arpège", "piano", "clavier"),
        ("Arpège digital piano", "piano", "keyboard"),
        (("la pédale", "the pedal"), ("le pupitre", "the music stand")),
        (("deux touches restent muettes", "two keys stay silent"), ("le volume saute", "the volume jumps")),
    ),
    Product(
        ("serre Potager", "serre de jardin", "abri à tomates"),
        ("Potager greenhouse", "greenhouse", "tomato shelter"),
        (("un panneau", "a pane"), ("la gouttière", "the gutter")),
        (("la porte coulisse mal", "the door slides badly"), ("le toit s'envole", "the roof comes off")),
    ),
    Product(
        ("drone Libellule", "drone", "quadricoptère"),
        ("Libellule drone", "drone", "quadcopter"),
        (("une hélice", "a propeller"), ("la radiocommande", "the remote control")),
        (("il dérive vers la gauche", "it drifts to the left"), ("la caméra tremble", "the camera shakes")),
    ),
    Product(
        ("four à pizza Vesuvio", "four extérieur", "four à bois"),
        ("Vesuvio pizza oven", "outdoor oven", "wood oven"),
        (("la pierre", "the stone"), ("la cheminée", "the chimney")),
        (("la pierre est fissurée", "the stone is cracked"), ("il ne tire pas", "it does not draw")),
    ),
    Product(
        ("sac à dos Randoval", "sac à dos", "sac de voyage"),
        ("Randoval rucksack", "rucksack", "travel bag"),
        (("une bretelle", "a shoulder strap"), ("la boucle ventrale", "the hip buckle")),
        (("la couture se défait", "the seam is coming undone"), ("la boucle casse net", "the buckle snaps")),
    ),
)
