import { check } from 'k6';
import http from 'k6/http';

export const options = { vus: 5, duration: '30s' };

export default function () {
  const response = http.post('http://arch.homework/counters/load');
  check(response, { 'it counts': (r) => r.json().count > 0 });
}
