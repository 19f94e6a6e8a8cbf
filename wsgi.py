"""The application object that gunicorn and the `flask` command look for."""

from webapp import create_app

app = create_app()
