"""The site, the linked-data addresses and the SPARQL endpoint: one application, and the pages that publish writes."""
