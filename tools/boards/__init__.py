"""Grafana's boards, made from the table of measures: `make boards` writes deploy/grafana."""
