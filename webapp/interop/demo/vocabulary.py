"""Words the generated people are made of."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_FICTIONAL, LAST_FICTIONAL = 100, 199
"""555-0100 to 555-0199 are kept for fiction in every area code."""
AREA_CODES = (207, 603, 617, 978, 781, 508, 413, 802, 401)
RELATIONSHIPS = ("wife", "husband", "partner", "daughter", "son", "mother", "father", "sister", "brother", "friend")
LANGUAGES = ("es", "es", "es", "fr", "pt", "so", "ar", "vi", "zh", "ru", "hi")


@dataclass(frozen=True, slots=True)
class Alert:
    """What the desk must know before it acts; `icon` is a name of the sprite, `tone` one of danger, warn, info."""

    label: str
    detail: str
    icon: str
    tone: str


ALERTS = (
    Alert("Call only", "asked not to be texted or emailed", "phone", "danger"),
    Alert("Step-free room", "", "accessibility", "info"),
    Alert("Comes with a carer", "", "users", "info"),
    Alert("Two identifiers", "shares a name with another patient", "badge-check", "warn"),
    Alert("Needs a quiet place to wait", "", "info", "info"),
    Alert("Address returned by the post", "ask for the new one", "mail", "warn"),
)

GIVEN = {
    "female": tuple(
        "Aisha Alma Amira Anna Beth Bianca Carmen Carla Clara Dalia Edith Elena Elsie Emma Esther Fatima Freya Gloria "
        "Greta Hannah Helen Ines Ingrid Iris Jana Joan Judith Kira Laila Leila Lena Lily Lucia Maeve Maria Marta Maya "
        "Mei Mina Nadia Naomi Nora Olga Paula Pia Priscilla Renée Rita Ruth Sana Selma Sofía Sylvie Tamar Tessa Uma "
        "Vera Wanda Yara Yuki Zoe".split()
    ),
    "male": tuple(
        "Adam Ahmed Aldo Amir Andre Arjun Ben Bruno Callum Carlos Cem Daniel David Diego Elias Emil Evan Felix Finn "
        "Gabriel George Hassan Hugo Ibrahim Isaac Ivan Jack Jamal Jim Jonas José Kenji Kofi Kwame Lars Leo Liam Louis "
        "Luca Marcus Mateo Milan Nils Noah Omar Oscar Pablo Paul Peter Quentin Raúl Reza Samuel Sean Simon Stefan "
        "Theo Tom Victor Walter Will Yusuf".split()
    ),
}

FAMILIES = tuple(
    (
        "Abara Abdi Acheson Adeyemi Almeida Alvarado Andersen Archer Baker Barros Beaulieu Becker Bell "
        "Bergeron Boone Bouchard Brandt Brennan Byrne Caron Castillo Chen Clarke Collins Costa Cyr Daigle "
        "Demir Deschaine Diaz Dubois Duarte Dunn Eriksen Farouk Fernández Finch Fischer Fletcher Fortin "
        "Gagnon García Gendron Grant Greene Haddad Hale Hansen Hartmann Hassan Hoffmann Holloway Hughes "
        "Ibrahim Jansen Jarvis Jimeno Johansson Kaplan Keane Kelly Kowalski Lavoie Leblanc Lindqvist Lopez "
        "Lowe MacLeod Mahoney Martins Mbeki McKenna Mendes Mensah Michaud Moreau Morin Moss Müller Nadeau "
        "Nguyen Novak Núñez Nyström O'Brien O'Connor Okafor Olsen Ortiz Ouellette Papadakis Paradis Park "
        "Patel Pelletier Petrov Pike Poulin Price Rahman Reid Rossi Roy Ruiz Saito Santos Schmidt Silva Singh "
        "Smith Sørensen Stone Svensson Tanaka Thibodeau Thompson Tran Turner Vargas Volkov Wagner Walsh Ward "
        "Webb Weiss Whitlock Wójcik Yilmaz Zahra Zimmermann "
    ).split()
)

STREETS = (
    "Congress Street",
    "Commercial Street",
    "Exchange Street",
    "Fore Street",
    "Spring Street",
    "Danforth Street",
    "Vaughan Street",
    "Brackett Street",
    "Pine Street",
    "Emery Street",
    "Cumberland Avenue",
    "Park Avenue",
    "Deering Avenue",
    "Forest Avenue",
    "Stevens Avenue",
    "Brighton Avenue",
    "Washington Avenue",
    "Ocean Avenue",
    "Baxter Boulevard",
    "Munjoy Street",
)

CITIES = (
    ("Portland", "ME", "04101"),
    ("Portland", "ME", "04102"),
    ("Portland", "ME", "04103"),
    ("South Portland", "ME", "04106"),
    ("Westbrook", "ME", "04092"),
    ("Falmouth", "ME", "04105"),
    ("Scarborough", "ME", "04074"),
    ("Cape Elizabeth", "ME", "04107"),
    ("Yarmouth", "ME", "04096"),
    ("Gorham", "ME", "04038"),
)
