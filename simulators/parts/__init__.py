"""The real parts around the product, started in a folder of their own on a free loopback port: brokers and databases."""
