"""FHIR R4 as it arrives, read with patience and turned into our own records; pure, nothing here touches a database."""
