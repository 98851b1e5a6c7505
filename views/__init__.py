"""The app: pages, controls, and the session behind them."""
