# Prints what arf-mime reads of each file: a JSON object by path, with the fields of the report.
import json
import sys

from arf.arf import load_arf

read = {}
for path in sys.argv[1:]:
    message = load_arf(path)
    report = message.get_feedback_report()
    read[path] = None if report is None else {
        'feedbackType': report.get_feedback_type(),
        'userAgent': report.get_user_agent(),
        'version': report.get_version(),
        'originalMailFrom': report.get_original_mail_from(),
        'originalRcptTo': report.get_original_rcpt_to(),
        'arrivalDate': report.get_arrival_date(),
        'reportingMta': report.get_reporting_mta(),
        'sourceIp': report.get_source_ip(),
        'reportedDomain': report.get_reported_domain(),
        'authenticationResults': report.get_authentication_results(),
    }
print(json.dumps(read, sort_keys=True))
