using System.Text.Json;
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
                "/queries/export?format=otlp-json&redact=1&type=get-providers",
                $"/queries/export/chosen?format=otlp-json&redact=1&q={query.Id}",
            }
        )
        {
            var text = await site.Client.GetStringAsync(new Uri(address, UriKind.Relative));

            Assert.Contains("kad-", text, StringComparison.Ordinal);
            Assert.DoesNotContain(query.Key!.Text, text, StringComparison.Ordinal);
            Assert.DoesNotContain(query.Id.TraceId.ToString(), text, StringComparison.Ordinal);
            Assert.All(query.Peers, peer => Assert.DoesNotContain(peer.Id, text, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task An_imported_redacted_file_has_pages_of_its_peers_and_is_found_by_its_key()
    {
        var query = SimulatedQueries.Make(1, 12);
        await using var site = await Site.StartAsync([query]);
        var file = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        try
        {
            await File.WriteAllBytesAsync(
                file,
                await site.Client.GetByteArrayAsync(new Uri($"/q/{query.Id}/export.request-trace.json?redact=1", UriKind.Relative))
            );
            await using var elsewhere = await Site.StartAsync();
            await elsewhere.ImportAsync(file);
            var lookup = JsonDocument.Parse(await File.ReadAllBytesAsync(file)).RootElement.GetProperty("requests")[0];
            var peer = lookup.GetProperty("lookups")[0].GetProperty("peers")[0].GetProperty("id").GetString()!;
            var key = lookup.GetProperty("key").GetProperty("text").GetString()!;

            Assert.Contains(peer, await elsewhere.Client.GetStringAsync(new Uri($"/peers/{peer}?range=all", UriKind.Relative)));
            Assert.Contains(
                lookup.GetProperty("traceId").GetString()!,
                await elsewhere.Client.GetStringAsync(new Uri($"/api/v1/queries?q={key}", UriKind.Relative))
            );
            Assert.Contains(
                lookup.GetProperty("traceId").GetString()!,
                await elsewhere.Client.GetStringAsync(new Uri($"/api/v1/queries?peer={peer}", UriKind.Relative))
            );
        }
        finally
        {
            File.Delete(file);
        }
    }
}
