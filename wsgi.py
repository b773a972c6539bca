"""What a WSGI server imports: `gunicorn wsgi:app`."""

from grid_report import create_app
from grid_report.web.http import logs

logs.configure()
app = create_app()
