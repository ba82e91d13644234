using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Exports;

/// <summary>What the site and the API redact names nobody. The redaction itself is tested with captures, without a site.</summary>
public sealed class RedactedExportTests
{
    [Fact]
    public async Task A_redacted_file_names_neither_peers_nor_the_key_nor_the_trace()
    {
        var query = SimulatedQueries.Make(1, 12);
        await using var site = await Site.StartAsync([query]);
        foreach (
            var address in new[]
            {
                $"/q/{query.Id}/export.html?redact=1",
                $"/q/{query.Id}/export.json?redact=1",
                $"/q/{query.Id}/export.request-trace.json?redact=1",
                $"/api/v1/export?format=otlp-json&redact=1&id={query.Id}",
                "/api/v1/export?format=csv&redact=1&type=get-providers",
            }
        )
        {
            var text = await site.Client.GetStringAsync(new Uri(address, UriKind.Relative));

            Assert.Contains("kad:", text, StringComparison.Ordinal);
            Assert.DoesNotContain(query.Key!.Text, text, StringComparison.Ordinal);
            Assert.DoesNotContain(query.Id.TraceId.ToString(), text, StringComparison.Ordinal);
            Assert.All(query.Peers, peer => Assert.DoesNotContain(peer.Id, text, StringComparison.Ordinal));
        }
    }
}
