using System.Net;
using DnsClient;
using DnsClient.Protocol;

namespace DhtTracer.Libp2p.Dns;

/// <summary>
/// Looks up TXT records for <c>/dnsaddr/</c>. Asks each server in turn over UDP. Retries once if a datagram is lost or does not answer the
/// question, and uses TCP if the answer does not fit.
/// </summary>
internal sealed class DnsTextResolver
{
    private const int MaxRecords = 256;

    private readonly TimeSpan _timeout;

    // Created at the first look-up: a host that dials no names needs no DNS server.
    private readonly Lazy<LookupClient> _client;

    /// <summary>Makes a resolver.</summary>
    /// <param name="servers">Servers to ask; null for the system's servers.</param>
    /// <param name="timeout">Maximum time per server.</param>
    public DnsTextResolver(IReadOnlyList<IPEndPoint>? servers, TimeSpan timeout)
    {
        _timeout = timeout;
        _client = new Lazy<LookupClient>(() => Client(servers));
    }

    /// <summary>Returns the TXT records of a name, at most 256. The parts of one record are joined.</summary>
    /// <exception cref="DnsException">The name is invalid or does not exist, or no server gave a readable answer.</exception>
    public async Task<IReadOnlyList<string>> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        if (name.Length == 0)
        {
            throw new DnsException("an empty name is no host name"); // DnsClient would ask for the root
        }

        try
        {
            var answer = await _client.Value.QueryAsync(name, QueryType.TXT, cancellationToken: cancellationToken);
            return [.. answer.Answers.OfType<TxtRecord>().Take(MaxRecords).Select(record => string.Concat(record.Text))];
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested)
        {
            // DnsClient reports the caller's cancellation as a timeout of the server.
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
        catch (DnsResponseException e)
        {
            throw new DnsException(Reason(e), e);
        }
        catch (ArgumentException e)
        {
            // DnsClient throws this for a name with an empty or overlong label.
            throw new DnsException($"\"{name}\" is no host name: {e.Message}", e);
        }
        catch (Exception e)
        {
            // DnsClient's exceptions for malformed and mismatched answers share no base class, and some are internal.
            throw new DnsException($"no DNS server gave a readable answer: {e.Message}", e);
        }
    }

    private LookupClient Client(IReadOnlyList<IPEndPoint>? servers)
    {
        var options = servers is null ? new LookupClientOptions() : new LookupClientOptions([.. servers]);
        options.Timeout = _timeout / 2;
        options.Retries = 1;
        options.UseCache = false; // a network under test changes its records
        options.UseRandomNameServer = false;
        options.ThrowDnsErrors = true;
        return new LookupClient(options);
    }

    private string Reason(DnsResponseException e) =>
        e.Code switch
        {
            DnsResponseCode.NotExistentDomain => "the name does not exist",
            DnsResponseCode.ConnectionTimeout => $"no DNS server answered within {_timeout.TotalSeconds:0.#} s",
            _ => e.DnsError,
        };
}
