"""Products, with the names that people have for them, and what may be wrong with them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """`french` and `english` are names of one thing: as in the catalogue, by its kind, as people say."""

    french: tuple[str, ...]
    english: tuple[str, ...]
    parts: tuple[tuple[str, str], ...]
    faults: tuple[tuple[str, str], ...]

    def names(self, language: str) -> tuple[str, ...]:
        return self.french if language == "fr" else self.english


PRODUCTS = (
    Product(
        ("grille-pain Lumo 2", "grille-pain", "toaster"),
        ("Lumo 2 toaster", "toaster", "bread toaster"),
        (("le levier", "the lever"), ("le tiroir à miettes", "the crumb tray")),
        (
            ("il ne chauffe que d'un côté", "it heats on one side only"),
            ("ça fait sauter le disjoncteur", "it trips the fuse"),
        ),
    ),
    Product(
        ("machine à café Brasa", "cafetière", "machine à expresso"),
        ("Brasa coffee machine", "espresso maker", "coffee maker"),
        (("le réservoir", "the water tank"), ("la buse vapeur", "the steam wand")),
        (
            ("elle fuit par dessous", "it leaks underneath"),
            ("la pompe fait un bruit affreux", "the pump makes an awful noise"),
        ),
    ),
    Product(
        ("casque Sonara X", "casque audio", "écouteurs"),
        ("Sonara X headphones", "headset", "headphones"),
        (("l'arceau", "the headband"), ("le coussinet gauche", "the left ear pad")),
        (
            ("le bluetooth décroche sans arrêt", "bluetooth keeps dropping"),
            ("plus de son à gauche", "no sound in the left ear"),
        ),
    ),
    Product(
        ("vélo pliant Plio", "vélo", "bicyclette"),
        ("Plio folding bike", "bicycle", "bike"),
        (("la roue arrière", "the rear wheel"), ("la charnière du cadre", "the frame hinge")),
        (("les freins crissent", "the brakes squeal"), ("la chaîne saute", "the chain slips")),
    ),
    Product(
        ("canapé Nordby", "sofa", "canapé trois places"),
        ("Nordby sofa", "couch", "three-seater"),
        (("un accoudoir", "an armrest"), ("deux pieds", "two of the feet")),
        (("le tissu est déchiré", "the fabric is torn"), ("la couture a lâché", "the seam came apart")),
    ),
    Product(
        ("lampe Solis", "lampadaire", "luminaire du salon"),
        ("Solis lamp", "floor lamp", "light for the living room"),
        (("l'abat-jour", "the shade"), ("le variateur", "the dimmer")),
        (("elle clignote", "it flickers"), ("l'interrupteur est cassé", "the switch is broken")),
    ),
    Product(
        ("robot tondeuse Verdo", "tondeuse", "robot du jardin"),
        ("Verdo mowing robot", "lawn mower", "mower"),
        (("la station de charge", "the charging dock"), ("une lame", "a blade")),
        (
            ("il tourne en rond", "it drives in circles"),
            ("la batterie tient dix minutes", "the battery lasts ten minutes"),
        ),
    ),
    Product(
        ("veste imperméable Ourson", "imperméable", "veste de pluie"),
        ("Ourson rain jacket", "raincoat", "waterproof jacket"),
        (("la capuche", "the hood"), ("la fermeture éclair", "the zip")),
        (
            ("l'eau passe aux coutures", "water comes through the seams"),
            ("la fermeture est coincée", "the zip is stuck"),
        ),
    ),
    Product(
        ("chaussures Marchal", "bottines", "chaussures de marche"),
        ("Marchal boots", "walking shoes", "hiking boots"),
        (("un lacet", "a lace"), ("une semelle", "an insole")),
        (("la semelle se décolle", "the sole is coming off"), ("le cuir craque", "the leather cracks")),
    ),
    Product(
        ("tablette Orbe 10", "tablette", "ardoise tactile"),
        ("Orbe 10 tablet", "tablet", "touch pad"),
        (("le chargeur", "the charger"), ("le stylet", "the stylus")),
        (("l'écran reste noir", "the screen stays black"), ("elle redémarre toute seule", "it restarts by itself")),
    ),
    Product(
        ("aspirateur Cyclo", "aspirateur", "balai électrique"),
        ("Cyclo vacuum cleaner", "hoover", "cordless vacuum"),
        (("la brosse", "the brush"), ("le filtre", "the filter")),
        (("il n'aspire plus", "it has lost its suction"), ("il chauffe et s'arrête", "it overheats and stops")),
    ),
    Product(
        ("table Ferrand", "table à manger", "table en chêne"),
        ("Ferrand table", "dining table", "oak table"),
        (("la rallonge", "the extension leaf"), ("le sachet de vis", "the bag of screws")),
        (("le plateau est rayé", "the top is scratched"), ("un pied est fendu", "one leg is cracked")),
    ),
    Product(
        ("montre Cadence", "montre connectée", "bracelet"),
        ("Cadence watch", "smartwatch", "fitness band"),
        (("le bracelet", "the strap"), ("le câble de charge", "the charging cable")),
        (
            ("le capteur cardiaque délire", "the heart sensor is way off"),
            ("elle ne se synchronise plus", "it no longer syncs"),
        ),
    ),
    Product(
        ("poussette Ninou", "poussette", "landau"),
        ("Ninou pushchair", "stroller", "pram"),
        (("le harnais", "the harness"), ("l'habillage pluie", "the rain cover")),
        (("une roue se bloque", "one wheel jams"), ("elle ne se replie plus", "it will not fold any more")),
    ),
    Product(
        ("imprimante Plume", "imprimante", "multifonction"),
        ("Plume printer", "printer", "all-in-one"),
        (("une cartouche", "a cartridge"), ("le bac à papier", "the paper tray")),
        (("elle bourre à chaque page", "it jams on every page"), ("le wifi ne prend pas", "wifi will not connect")),
    ),
    Product(
        ("matelas Sereno", "matelas", "matelas 140"),
        ("Sereno mattress", "mattress", "bed"),
        (("la housse", "the cover"), ("un oreiller offert", "the free pillow")),
        (
            ("il s'affaisse au milieu", "it sags in the middle"),
            ("l'odeur est insupportable", "the smell is unbearable"),
        ),
    ),
)
"""All made up."""

CITIES = (
    "Lyon",
    "Nantes",
    "Lille",
    "Rennes",
    "Toulouse",
    "Leeds",
    "Bristol",
    "Cork",
    "Ghent",
    "Lausanne",
    "Metz",
    "York",
)
COLOURS = (
    ("bleu", "blue"),
    ("rouge", "red"),
    ("vert", "green"),
    ("gris", "grey"),
    ("noir", "black"),
    ("écru", "cream"),
)
DAYS = (
    ("lundi", "Monday"),
    ("mardi", "Tuesday"),
    ("mercredi", "Wednesday"),
    ("jeudi", "Thursday"),
    ("vendredi", "Friday"),
    ("samedi", "Saturday"),
)
